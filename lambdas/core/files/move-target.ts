/** Where a file is to be that is there already: in its workspace, or in another, and what it brings there. */
import { keys } from "#aws/keys.ts";
import { authorize } from "#core/access/authorize.ts";
import { locateNode } from "#core/access/place.ts";
import { judgeName } from "#core/content/judge-name.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import type { Allowed, Owned, TrailFolder } from "#core/kernel/rights.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { authorizePath } from "#core/tree/place-to-create.ts";
import { ofName, pathOf } from "#core/tree/reach.ts";
import { requirePath } from "#core/tree/require-path.ts";
import { idsOf, lastOf, locatedAt } from "#core/tree/way.ts";
import { blindName } from "./blind-name.ts";
import type { FolderRef } from "./contract.ts";
import { isOfBefore } from "./fenced-write.ts";
import type { FileRecord } from "./records.ts";
import { requireNoGain } from "./require-no-gain.ts";

/** What a file's record says of its place. */
export type Place = Pick<
  FileRecord,
  "workspace_id" | "name" | "asked_name" | "folder_id" | "above" | "hint_path" | "mismatch"
> & {
  /** The folders from below the root down to its own. */
  trail: readonly TrailFolder[];
};

interface Wanted {
  /** The one that the folder has to be in. */
  workspace_id: string;
  ref: FolderRef;
  name: string;
  /** Whether whoever may do all with it gives it to the caller. @default false */
  isGiven?: boolean | undefined;
}

/**
 * The folder to move into, where the caller may create, and, unless it is given the file, could do no more to it than where it is; a path's
 * missing folders are made, as an upload does, but for none that is too deep.
 *
 * @throws WharfError not_found, forbidden, invalid_request (the path is too long), name_taken where a file stands in the way.
 */
export async function targetFolder(
  deps: TableDeps,
  call: Call,
  file: FileRecord,
  { workspace_id, ref, name, isGiven = false }: Wanted,
): Promise<{ trail: readonly TrailFolder[]; access: Allowed }> {
  const from = locateNode(call.caller.id, file);
  if (!("segments" in ref)) {
    const { folder_id } = ref;
    const [item] = await deps.table.batchGet([keys.node(folder_id)]);
    const located = item?.["kind"] === "folder" ? locateNode(call.caller.id, item) : undefined;
    const there = located?.workspace_id === workspace_id ? located : undefined;
    const access = await authorize(deps, call, there, { action: "create", what: ["folder", folder_id] });
    if (folder_id !== file.folder_id && !isGiven) await requireNoGain(deps, call, from, there);
    return { trail: access.trail, access };
  }
  requirePath([...ref.segments, name].join("/"));
  const { access, way } = await authorizePath(deps, call, workspace_id, ref);
  if (lastOf(way) !== file.folder_id && !isGiven) await requireNoGain(deps, call, from, locatedAt(way));
  const trail = await makeFolders(deps, workspace_id, ref.segments, { way, reach: ofName(name) });
  return { trail, access };
}

/**
 * What a file's record says of a place, and what is flagged of its content under the name that it gets there.
 *
 * @param asked its name there, but for a mover that learns nothing of what stands there: then one like no other's.
 * @throws WharfError invalid_request (the path is too long), type_mismatch
 */
export async function placeAt(
  deps: Pick<Deps, "objects" | "config">,
  file: FileRecord,
  {
    workspace_id,
    trail,
    asked,
    isBlind,
  }: { workspace_id: string; trail: readonly TrailFolder[]; asked: string; isBlind: boolean },
): Promise<Place> {
  const name = isBlind ? blindName(asked) : asked;
  const path = pathOf([...trail, { name }]);
  requirePath(path);
  return {
    ...{ workspace_id, name, asked_name: isBlind ? asked : undefined, trail },
    ...{ folder_id: lastOf({ workspace_id, trail }), above: idsOf(trail) },
    hint_path: trail.length === 0 ? undefined : path,
    mismatch: await mismatchUnder(deps, file, name),
  };
}

/** What of the content is to be flagged under a new name. @throws WharfError type_mismatch */
async function mismatchUnder(
  deps: Pick<Deps, "objects" | "config">,
  file: FileRecord,
  name: string,
): Promise<FileRecord["mismatch"]> {
  if (name === file.name) return file.mismatch ?? null;
  return (await judgeName(deps, file, name)).mismatch ?? null;
}

/** Whether a file came to its workspace since that was handed over without links: its own were judged where it was. */
export const cameSince = (
  { came_ms = 0 }: Pick<FileRecord, "came_ms">,
  { links_from }: Pick<Owned, "links_from">,
): boolean => came_ms >= (links_from?.ms ?? 0);

/** What its record says of that where it comes from one workspace to another; nothing where it stays in its own. */
export function arrival(
  file: FileRecord,
  { from, to, now }: { from: Owned; to: Owned; now: number },
): Partial<Pick<FileRecord, "came_ms" | "links_since_ms" | "lock">> {
  if (from.workspace_id === to.workspace_id) return {};
  return {
    came_ms: now,
    links_since_ms: cameSince(file, from) ? file.links_since_ms : from.links_from?.ms,
    lock: file.lock && lockAt(file.lock, from, to),
  };
}

/** Its holder has it there too; one from before its workspace was handed over has run out there. */
function lockAt(lock: NonNullable<FileRecord["lock"]>, from: Owned, to: Owned): FileRecord["lock"] {
  return isOfBefore(lock, from.epoch) ? { ...lock, expires_ms: 0 } : { ...lock, epoch: to.epoch };
}
