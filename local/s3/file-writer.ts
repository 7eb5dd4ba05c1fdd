/** Appends chunks to a new file, many in one system call, while the caller goes on receiving and hashing. */
import { type FileHandle, open } from "node:fs/promises";

export interface FileWriter {
  /** Takes a chunk; a promise means that enough is waiting, and resolves when there is room again. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Resolves when every byte is in the file and the file is closed. */
  finish(): Promise<void>;
  /** Closes without writing what is still queued. Never throws. */
  close(): Promise<void>;
}

// Bytes that may wait while as many are being written: keeps disk and hashes both busy, in little memory.
const MAX_QUEUED = 2 * 1024 * 1024;

/** Writes every byte: the system may take some only, and says why not all when it is asked again. */
async function writeAll(file: FileHandle, batch: readonly Uint8Array[]): Promise<void> {
  let { bytesWritten: done } = await file.writev(batch);
  for (const chunk of batch) {
    while (done < chunk.length) done += (await file.write(chunk, done)).bytesWritten;
    done -= chunk.length;
  }
}

/** Opens `path` for writing at once; errors show in the next `write` or in `finish`. For one caller at a time. */
export function createFileWriter(path: string): FileWriter {
  const opening = open(path, "wx");
  let queue: Uint8Array[] = [];
  let queued = 0;
  let failure: unknown;
  let closed = false;
  let pumping: Promise<void> | undefined;
  let roomMade = () => {};

  async function pump(): Promise<void> {
    try {
      const file = await opening;
      while (queue.length > 0 && !closed) {
        const batch = queue;
        queue = [];
        queued = 0;
        roomMade();
        await writeAll(file, batch);
      }
    } catch (error) {
      failure = error;
    } finally {
      pumping = undefined;
      roomMade();
    }
  }

  return {
    write(chunk) {
      if (failure) throw failure;
      queue.push(chunk);
      queued += chunk.length;
      pumping ??= pump();
      if (queued < MAX_QUEUED) return undefined;
      return new Promise((resolve) => {
        roomMade = resolve;
      });
    },
    async finish() {
      await pumping;
      closed = true;
      await (await opening).close();
      if (failure) throw failure;
    },
    async close() {
      if (closed) return;
      closed = true;
      await pumping;
      const file = await opening.catch(() => undefined);
      await file?.close();
    },
  };
}
