/** How checksums look in answers. */
import type { ServerResponse } from "node:http";
import type { Checksum } from "./checksum.ts";

/** Sets `x-amz-checksum-<algorithm>` and its type. */
export function setChecksumHeaders(res: ServerResponse, checksum: Checksum): void {
  res.setHeader(`x-amz-checksum-${checksum.algorithm.toLowerCase()}`, checksum.value);
  res.setHeader("x-amz-checksum-type", checksum.type);
}

/** `<ChecksumCRC32>` and so on. */
export const checksumElement = (algorithm: string, value: string) => ({ [`Checksum${algorithm}`]: value });
