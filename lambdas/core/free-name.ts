import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { nameProblem } from "#contract/names.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";

const MAX_BYTES = 255;
/** Pages of names like this one that are looked through. */
const MAX_PAGES = 20;

/**
 * The first of `name (1).ext`, `name (2).ext` … that is free in a folder: free when it was read, so the write that
 * takes it has to say so too. @throws WharfError name_taken where there are absurdly many.
 */
export async function freeName(
  { table }: Pick<Deps, "table">,
  folderId: string,
  name: string,
): Promise<string> {
  const taken = new Set<unknown>();
  const { pk, sk } = keys.entry(folderId, numberedName(name, 1));
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
      const candidate = numberedName(name, number);
      if (!taken.has(candidate)) return candidate;
    }
  }
  throw new WharfError("name_taken", `Too many names like ${JSON.stringify(name)} are taken in that folder.`);
}

/** `q3.pdf`, 2 → `q3 (2).pdf`; a long stem is cut so that the name stays within 255 bytes of UTF-8. */
export function numberedName(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  const cut = dot > 0 ? dot : name.length;
  // Room for five digits whatever the number, so that all candidates share one stem.
  const room = MAX_BYTES - " (00000)".length - Buffer.byteLength(name.slice(cut));
  let stem = name.slice(0, cut);
  const shorten = () => {
    stem = [...stem].slice(0, -1).join("");
  };
  const long = Buffer.byteLength(stem) > Math.max(room, 1);
  while (Buffer.byteLength(stem) > Math.max(room, 1)) shorten();
  // Joiners and tags show nothing without what is cut off.
  while (long && stem !== "" && nameProblem(stem) !== undefined) shorten();
  const extension = room > 0 ? name.slice(cut) : "";
  return `${stem} (${number})${extension}`;
}
