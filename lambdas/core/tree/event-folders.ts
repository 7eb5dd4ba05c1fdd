/** Folders that an event happened in, for filters: an event names some, else its file is asked. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { MAX_DEPTH } from "#contract/common.ts";
import type { Event } from "#contract/events.ts";
import type { Deps } from "#core/kernel/deps.ts";

/** What has been read already: folder → the folder above it, file → its folder. */
export type FolderLookup = Map<string, string | null>;

/** Of a file that is moved, and of a folder. */
const place = z
  .object({ folder_id: z.string().optional(), parent_id: z.string().optional() })
  .transform(({ folder_id, parent_id }) => ({ folder_id: folder_id ?? parent_id }));
const named = z.object({
  folder_id: z.string().optional(),
  /** Of a folder: what happens to it is told above it too, also where it is gone. */
  parent_id: z.string().optional(),
  from: place.optional().catch(undefined),
  to: place.optional().catch(undefined),
});
const node = z.object({ folder_id: z.string().optional(), parent_id: z.string().nullable().optional() });

/** The folders of the event's file: where it is, and where it was before a move. */
export async function foldersOf(
  deps: Pick<Deps, "table">,
  event: Pick<Event, "data" | "file_id">,
  lookup: FolderLookup,
): Promise<string[]> {
  const data = named.safeParse(event.data).data;
  const told = [data?.folder_id, data?.parent_id, data?.from?.folder_id, data?.to?.folder_id].filter(
    (id) => id !== undefined,
  );
  if (told.length > 0 || event.file_id === undefined) return told;
  const folder = await above(deps, event.file_id, lookup);
  return folder === null ? [] : [folder];
}

/** The folder and all those that it is in. */
export async function foldersAbove(
  deps: Pick<Deps, "table">,
  folderId: string,
  lookup: FolderLookup,
): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  let folder: string | null = folderId;
  // One more than the depth allows, for the root; a loop can't be, but would end here too.
  while (folder !== null && seen.size <= MAX_DEPTH + 1) {
    seen.add(folder);
    folder = await above(deps, folder, lookup);
  }
  return seen;
}

async function above(
  { table }: Pick<Deps, "table">,
  id: string,
  lookup: FolderLookup,
): Promise<string | null> {
  const known = lookup.get(id);
  if (known !== undefined) return known;
  const found = await table.get(node, keys.node(id));
  const parent = found?.parent_id ?? found?.folder_id ?? null;
  lookup.set(id, parent);
  return parent;
}
