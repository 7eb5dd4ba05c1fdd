/** Bytes on disk: files named by random ids, so that no key ever becomes a path. */
import { randomUUID } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Room } from "../data/room.ts";
import { damaged, damageOf, type StoredBlob, verified } from "./damaged-blob.ts";
import { createFileWriter } from "./file-writer.ts";

interface BlobWriter {
  readonly id: string;
  /** Takes a chunk; resolves when the next one is welcome. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Resolves when every byte is in the file. */
  finish(): Promise<void>;
  /** Removes the file. */
  discard(): Promise<void>;
}

/** A piece of a stored file. */
export interface Slice extends StoredBlob {
  from: number;
  /** Exclusive. */
  to: number;
}

export interface Blobs {
  create(): BlobWriter;
  /**
   * Looks whether the files of an object (`bucket/key`) are there in full.
   * @throws Error `DamagedBlob`, which names the first that isn't
   */
  check(name: string, files: readonly Pick<StoredBlob, "blob" | "size">[]): void;
  /**
   * Bytes of the slices, one after the other; a file that is read whole is checked before its last bytes are given
   * out. The files stay until the reader is done, even if removed meanwhile.
   * @throws Error `DamagedBlob`, at once or while reading
   */
  read(name: string, slices: readonly Slice[]): Readable;
  remove(ids: readonly string[]): void;
  /**
   * Moves files that no row names to `lost`: what a killed process left half-written, or what a database that was put
   * back doesn't know. One that a row names comes back from there.
   */
  settle(inUse: ReadonlySet<string>): Settled;
  /** Discards what is half-written and waits for removals. */
  close(): Promise<void>;
}

export interface Settled {
  /** Files in `lost`, and their bytes. */
  lost: { count: number; bytes: number };
  /** Ids that rows name and no file has. */
  missing: string[];
}

const BUFFER = 1024 * 1024;

/** Keeps blobs in `dir`, which it creates, and those that nobody knows in `lost`. `room` lets bytes in. */
export function createBlobs(dir: string, lost: string, room: Pick<Room, "admit">): Blobs {
  mkdirSync(dir, { recursive: true });
  const readers = new Map<string, number>();
  const doomed = new Set<string>();
  const removals = new Set<Promise<void>>();
  const unfinished = new Set<BlobWriter>();
  const path = (id: string) => join(dir, id);

  function removeFile(id: string): Promise<void> {
    const removal = unlink(path(id)).catch(() => undefined); // already gone, or swept at the next start
    removals.add(removal);
    return removal.finally(() => removals.delete(removal));
  }

  function release(ids: readonly string[]): void {
    for (const id of ids) {
      const left = (readers.get(id) ?? 1) - 1;
      if (left > 0) readers.set(id, left);
      else {
        readers.delete(id);
        if (doomed.delete(id)) void removeFile(id);
      }
    }
  }

  async function* readInTurn(name: string, slices: readonly Slice[]): AsyncGenerator<Buffer> {
    for (const slice of slices) {
      const { blob, from, to, size } = slice;
      if (to === from) continue;
      const fail = (what: string) => damaged(path(blob), name, what);
      const bytes = createReadStream(path(blob), { start: from, end: to - 1, highWaterMark: BUFFER });
      let left = to - from;
      for await (const chunk of to - from === size ? verified(bytes, slice, fail) : bytes) {
        left -= chunk.length;
        yield chunk;
      }
      if (left > 0) throw fail(`its last ${left} bytes went away while it was read`);
    }
  }

  function check(name: string, files: readonly Pick<StoredBlob, "blob" | "size">[]): void {
    for (const file of files) {
      const what = damageOf(path(file.blob), file);
      if (what) throw damaged(path(file.blob), name, what);
    }
  }

  return {
    create() {
      room.admit();
      const id = randomUUID();
      const file = createFileWriter(path(id));
      const writer: BlobWriter = {
        id,
        write(chunk) {
          // What was kept back for databases is not for uploads that began before.
          room.admit();
          return file.write(chunk);
        },
        async finish() {
          await file.finish();
          unfinished.delete(writer);
        },
        async discard() {
          await file.close();
          await removeFile(id);
          unfinished.delete(writer);
        },
      };
      unfinished.add(writer);
      return writer;
    },

    check,

    read(name, slices) {
      check(name, slices);
      const ids = slices.map((slice) => slice.blob);
      for (const id of ids) readers.set(id, (readers.get(id) ?? 0) + 1);
      return Readable.from(readInTurn(name, slices)).once("close", () => release(ids));
    },

    remove(ids) {
      for (const id of ids) {
        if (readers.has(id)) doomed.add(id);
        else void removeFile(id);
      }
    },

    settle(inUse) {
      const here = new Set(readdirSync(dir));
      const unknown = [...here].filter((name) => !inUse.has(name));
      if (unknown.length > 0) mkdirSync(lost, { recursive: true });
      for (const name of unknown) renameSync(path(name), join(lost, name));
      const away = new Set(existsSync(lost) ? readdirSync(lost) : []);
      const missing = [...inUse].filter((id) => !here.has(id));
      for (const id of missing) if (away.delete(id)) renameSync(join(lost, id), path(id));
      const sizes = [...away].map((name) => statSync(join(lost, name)).size);
      return {
        lost: { count: away.size, bytes: sizes.reduce((sum, size) => sum + size, 0) },
        missing: missing.filter((id) => !existsSync(path(id))),
      };
    },

    async close() {
      await Promise.all([...unfinished].map((writer) => writer.discard()));
      await Promise.all(removals);
    },
  };
}
