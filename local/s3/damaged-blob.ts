/** Bytes on disk that are not what was stored: S3's InternalError for the caller, and the file's name for the log. */
import { statSync } from "node:fs";
import { type Algorithm, createHasher } from "./checksum.ts";

/** A file as its row describes it. */
export interface StoredBlob {
  blob: string;
  size: number;
  algorithm: Algorithm;
  /** base64 */
  checksum: string;
}

/** @param name of the object, `bucket/key` */
export function damaged(path: string, name: string, what: string): Error {
  const error = new Error(
    `${path} is damaged: ${what}. It holds bytes of ${name}, which can't be read any more; upload that again, or put the file back from a backup.`,
  );
  error.name = "DamagedBlob";
  return error;
}

/** What is wrong with a file, as far as its size tells. */
export function damageOf(path: string, { size }: Pick<StoredBlob, "size">): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return "it is missing";
  return found.size === size ? undefined : `it has ${found.size} bytes instead of ${size}`;
}

/**
 * Passes the bytes of a whole file through; the last ones only if all are what was stored.
 * @throws Error `DamagedBlob`, from `fail`
 */
export async function* verified(
  source: AsyncIterable<Buffer>,
  { size, algorithm, checksum }: StoredBlob,
  fail: (what: string) => Error,
): AsyncGenerator<Buffer> {
  const hasher = createHasher(algorithm);
  let left = size;
  for await (const chunk of source) {
    left -= chunk.length;
    hasher.update(chunk);
    if (left === 0 && hasher.digest().toString("base64") !== checksum) {
      throw fail(`its ${algorithm} is not what was stored`);
    }
    yield chunk;
  }
}
