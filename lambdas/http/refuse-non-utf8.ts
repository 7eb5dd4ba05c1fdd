import { REPLACEMENT } from "#contract/names.ts";
import { WharfError } from "#core/kernel/error.ts";
import { decodePercent, notUtf8 } from "./utf8.ts";

/** Headers whose value is compared with something: bytes that somebody replaced on the way would compare as others. */
const COMPARED = [
  "authorization",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "lock-token",
  "x-share-password",
];

/**
 * Refuses a request whose path, query or compared headers aren't text in UTF-8, before anything is looked up by them.
 *
 * @throws WharfError invalid_request with the offset.
 */
export function refuseNonUtf8({ url, headers }: Request): void {
  const { pathname, search } = new URL(url);
  decodePercent(pathname, { what: "The path" });
  const query = decodePercent(search.slice(1), { what: "The query" });
  // API Gateway decodes a query's values, and puts U+FFFD where they were no UTF-8.
  const replaced = query.indexOf(REPLACEMENT);
  if (replaced >= 0) throw notUtf8(Buffer.byteLength(query.slice(0, replaced)), { what: "The query" });
  for (const name of COMPARED) refuseNonAscii(name, headers.get(name));
}

/** Whether API Gateway hands a header's bytes on as Latin-1 or UTF-8 isn't documented, so none may rely on either. */
function refuseNonAscii(name: string, value: string | null): void {
  const offset = value?.search(/[^\0-\x7f]/) ?? -1;
  if (offset < 0) return;
  const instead = name === "x-share-password" ? " POST takes any password, as the page's form does." : "";
  throw new WharfError(
    "invalid_request",
    `The header ${name} has a byte at offset ${offset} that is no ASCII.${instead}`,
    { header: name, offset },
  );
}
