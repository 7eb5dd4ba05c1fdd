/** What functions wrote: the last lines in memory, and a size-bounded file where the cloud keeps state. */
import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

export interface LogLine {
  /** Epoch ms by the cloud's clock. */
  time: number;
  /** Logical id of the function. */
  function: string;
  requestId: string | undefined;
  text: string;
}

export interface Logs {
  write(line: LogLine): void;
  /** The lines kept, oldest first. */
  lines(): LogLine[];
  /** Writes what is buffered to the file. */
  flush(): void;
}

/**
 * Keeps the last `keep` lines; with `file`, also appends them as JSON lines.
 * The file holds at most `maxBytes`; then it becomes `<file>.1` and a new one begins.
 */
export function createLogs({
  file,
  keep = 5_000,
  maxBytes = 16 * 1024 * 1024,
  hasRoom = () => true,
}: {
  file?: string | undefined;
  keep?: number;
  maxBytes?: number;
  /** Whether the disk has room for lines. */
  hasRoom?: () => boolean;
}): Logs {
  const ring: LogLine[] = [];
  let pending: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isFailing = false;
  let size = file === undefined ? 0 : prepare(file);

  function flush() {
    clearTimeout(timer);
    timer = undefined;
    if (file === undefined || pending.length === 0) return;
    const text = pending.join("");
    pending = [];
    if (!hasRoom()) throw new Error("the disk is full");
    if (size + text.length > maxBytes) {
      if (size > 0) renameSync(file, `${file}.1`);
      size = 0;
    }
    size += Buffer.byteLength(text);
    appendFileSync(file, text, { mode: 0o600 });
  }

  /** A full disk must not end the cloud: it goes on without its file, and says so once. */
  function tryFlush() {
    try {
      flush();
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        console.error(`lines are not in ${file}: ${error instanceof Error ? error.message : error}`);
      isFailing = true;
    }
  }

  return {
    write(line) {
      ring.push(line);
      // Trims in bulk: shifting one by one is quadratic.
      if (ring.length > keep * 2) ring.splice(0, ring.length - keep);
      if (file === undefined) return;
      pending.push(`${JSON.stringify({ ...line, time: new Date(line.time).toISOString() })}\n`);
      timer ??= setTimeout(tryFlush, 200).unref();
    },
    lines: () => ring.slice(-keep),
    flush: tryFlush,
  };
}

function prepare(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
