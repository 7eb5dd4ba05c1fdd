import { createHash } from "node:crypto";
import * as z from "zod";
import { WharfError } from "./error.ts";
import { parseJson } from "./parse-json.ts";

/** DynamoDB: a sort key has 1,024 bytes at most; no name or id has half of it. */
const shape = z.tuple([z.string(), z.string().min(1).max(255)]);

/**
 * A list's place after the item `last`, as clients carry it: opaque, and good only for the list that gave it.
 *
 * @param list what tells this list from others: its kind and its parent's id.
 */
export function cursorAfter(list: string, last: string): string {
  return Buffer.from(JSON.stringify([markOf(list), last])).toString("base64url");
}

/**
 * The item to go on after, or `undefined` at the start. The mark is no signature: whoever knows a list can make one.
 *
 * @param fits whether the list could have such an item; needed where DynamoDB refuses to begin at one that it can't have.
 * @throws WharfError invalid_cursor for another list's cursor.
 */
export function readCursor(
  list: string,
  cursor: string | undefined,
  fits: (last: string) => boolean = () => true,
): string | undefined {
  if (cursor === undefined) return undefined;
  const parsed = shape.safeParse(parseJson(Buffer.from(cursor, "base64url").toString("utf8")));
  if (!parsed.success || parsed.data[0] !== markOf(list) || !fits(parsed.data[1])) throw notOfList();
  return parsed.data[1];
}

/** What a cursor is refused with that another list gave, or nobody. */
export const notOfList = () =>
  new WharfError(
    "invalid_cursor",
    "The cursor is not one that this list gave. Use next_cursor as it came, with the same filters, or start again without one.",
  );

/** By which a cursor is known as a list's own. */
export function markOf(list: string): string {
  return createHash("sha256").update(list).digest("base64url").slice(0, 12);
}
