import * as z from "zod";
import { id, MAX_DEPTH } from "#contract/common.ts";
import { markOf, notOfList } from "#core/kernel/cursor.ts";
import type { Place } from "#core/tree/walk.ts";

/** Where a list of files goes on, and, where it tells that, as of when its first page was. */
interface ListPlace extends Place {
  as_of_ms?: number | undefined;
}

/** Of a date (ECMA-262, 21.4.1.1). */
const MAX_MS = 8.64e15;

const shape = z.object({
  as_of_ms: z.int().min(0).max(MAX_MS).optional(),
  folder_id: id("fld"),
  path: z.string().refine(mayLead),
});

/** Names that a path can have: DynamoDB refuses keys without a character or of more than 1,024 bytes. */
function mayLead(path: string): boolean {
  const names = path.split("/");
  const last = names.pop() ?? "";
  const isName = (name: string) => name !== "" && Buffer.byteLength(name) <= 255;
  return names.length <= MAX_DEPTH && names.every(isName) && (isName(last) || (last === "" && path !== ""));
}

/** The cursor of a place: lines and no JSON, whose escapes would make a path twice as long. */
export function placeCursor(list: string, { as_of_ms, folder_id, path }: ListPlace): string {
  const lines = [markOf(list), as_of_ms?.toString(36) ?? "", folder_id, path];
  return Buffer.from(lines.join("\n")).toString("base64url");
}

/** The place of a cursor, or `undefined` at the start. @throws WharfError invalid_cursor */
export function readPlaceCursor(list: string, cursor: string | undefined): ListPlace | undefined {
  if (cursor === undefined) return undefined;
  const [mark, asOf = "", folder_id, ...path] = Buffer.from(cursor, "base64url").toString("utf8").split("\n");
  const parsed = shape.safeParse({
    as_of_ms: asOf === "" ? undefined : Number.parseInt(asOf, 36),
    folder_id,
    path: path.join("\n"),
  });
  if (mark !== markOf(list) || !parsed.success) throw notOfList();
  return parsed.data;
}
