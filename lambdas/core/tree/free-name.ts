import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { MAX_PATH_BYTES } from "#contract/common.ts";
import { nameProblem } from "#contract/names.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { requirePath } from "./require-path.ts";

const MAX_BYTES = 255;
/** Room for five digits whatever the number, so that all candidates share one stem. */
const MAX_NUMBER = 99_999;
const NUMBER_BYTES = ` (${MAX_NUMBER})`.length;
/** Pages of names like this one that are looked through. */
const MAX_PAGES = 20;

/**
 * The first of `name (1).ext`, `name (2).ext` … that is free in a folder, and no longer than its path may be
 * (`requireRoomToRename`): free when it was read, so the write that takes it has to say so too.
 *
 * @throws WharfError name_taken where there are absurdly many.
 */
export async function freeName(
  { table }: Pick<Deps, "table">,
  folderId: string,
  { name, folder_path }: { name: string; folder_path?: string | undefined },
): Promise<string> {
  const numbered = (number: number) => numberedName(name, number, roomBelow(folder_path));
  const taken = new Set<unknown>();
  const { pk, sk } = keys.entry(folderId, numbered(1));
  let after: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk, prefix: sk.slice(0, sk.lastIndexOf("1)")) },
      after,
    });
    for (const item of found.items) taken.add(item["sk"]);
    after = found.next;
    if (after !== undefined) continue;
    for (let number = 1; number <= taken.size + 1; number++) {
      const candidate = numbered(number);
      if (!taken.has(candidate)) return candidate;
    }
  }
  throw new WharfError("name_taken", `Too many names like ${JSON.stringify(name)} are taken in that folder.`);
}

/**
 * `q3.pdf`, 2 → `q3 (2).pdf`; a long stem is cut so that the name has `most` bytes of UTF-8, down to one character.
 *
 * @param most @default 255
 */
export function numberedName(name: string, number: number, most: number = MAX_BYTES): string {
  const dot = name.lastIndexOf(".");
  const cut = dot > 0 ? dot : name.length;
  const extension = Buffer.byteLength(name.slice(cut)) < MAX_BYTES - NUMBER_BYTES ? name.slice(cut) : "";
  const room = Math.min(most, MAX_BYTES) - NUMBER_BYTES - Buffer.byteLength(extension);
  const stem = name.slice(0, cut);
  const short = Buffer.byteLength(stem) > room ? cutTo(stem, room) : stem;
  return `${short || "_"} (${number})${extension}`;
}

/** The beginning of `stem` that fits into `room` bytes and may end there: a gap at an end shows nothing. */
function cutTo(stem: string, room: number): string {
  const characters = startOf(charactersOf(stem), room);
  // One alone may be too long: a letter with dozens of marks.
  let kept = characters.length > 1 ? characters : startOf([...characters.join("")], room);
  while (kept.length > 0 && nameProblem(kept.join("")) !== undefined) kept = kept.slice(0, -1);
  return kept.join("");
}

/** The first parts that fit into `room` bytes, one at least. */
function startOf(parts: readonly string[], room: number): readonly string[] {
  let end = parts.length;
  while (end > 1 && Buffer.byteLength(parts.slice(0, end).join("")) > room) end--;
  return parts.slice(0, end);
}

/** What people take for one character: a family of emoji, a letter with its marks (UAX #29, grapheme clusters). */
function charactersOf(text: string): string[] {
  return Array.from(new Intl.Segmenter("und").segment(text), ({ segment }) => segment);
}

/**
 * Refuses a place whose path would be too long with a number: what is told at the start still holds at the end.
 *
 * @throws WharfError invalid_request
 */
export function requireRoomToRename(folderPath: string | undefined, name: string): void {
  requirePath(below(folderPath, numberedName(name, MAX_NUMBER, roomBelow(folderPath))), "folders and number");
}

/** Bytes that a path has left for a name. */
function roomBelow(folderPath: string | undefined): number {
  return MAX_PATH_BYTES - Buffer.byteLength(below(folderPath, ""));
}

function below(folderPath: string | undefined, name: string): string {
  return folderPath === undefined ? name : `${folderPath}/${name}`;
}
