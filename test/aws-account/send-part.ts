import { patientFetch } from "./obey-retry-after.ts";

export const MIB = 1_048_576;

export interface PartUrl {
  url: string;
  headers: Record<string, string>;
}

/** PUTs bytes to a part's URL with the headers that came with it. */
export const sendPart = (
  { url, headers }: PartUrl,
  body: Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
) => patientFetch(url, { method: "PUT", body, headers: { ...headers, ...more }, redirect: "manual" });

/** Bytes that are no UTF-8: every value from 0 to 255 in turn, another sequence for each `salt`. */
export function bytesOf(size: number, salt = 0): Uint8Array<ArrayBuffer> {
  // 167 is odd, so its multiples meet every value.
  return Uint8Array.from({ length: size }, (_, at) => (at * 167 + salt) & 0xff);
}
