import { keys } from "#aws/keys.ts";
import { type Else, TransactionFailed, type Write } from "#aws/table.ts";
import { rootFolder } from "#core/access/place.ts";
import { readTrail } from "#core/access/trail.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import type { Reach, TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { below, boundAt, EMPTY, pathOf, roomFor, withRoom } from "./reach.ts";
import { entryRecord } from "./records.ts";
import {
  folderIdOf,
  hintedWay,
  hintWrite,
  idsOf,
  lastOf,
  mendHints,
  type Way,
  walkOn,
  walkUnlessFile,
} from "./way.ts";

/** Each lost round is another's success at making a folder of the same path. */
const ROUNDS = 8;

/**
 * The folders of a path, whose missing levels are made in one transaction.
 *
 * Two reads where they exist, none where `way` has found them all.
 *
 * @param segments names from the root down, at most 32. @param way how far they are there, as was just read: what is missing
 * is made in the last of those, wherever that is by then, since it was decided on.
 * @param reach of what is to be in the last of them.
 * @throws WharfError name_taken where a file stands in the way; not_found where the way's last folder is gone.
 */
export async function makeFolders(
  deps: TableDeps,
  workspaceId: string,
  segments: readonly string[],
  { way: known, reach = EMPTY }: { way?: Way | undefined; reach?: Reach | undefined } = {},
): Promise<readonly TrailFolder[]> {
  const attempt = async (round: number) => {
    const { way, segments: wanted = segments } =
      round === 0
        ? { way: known ?? (await hintedWay(deps, workspaceId, segments)) }
        : await wayAgain(deps, workspaceId, segments, known?.trail ?? []);
    if (way.isWhole) return way.trail;
    const made = missingFolders(deps, way, { segments: wanted, reach });
    try {
      await deps.table.transact(made.writes);
      return made.trail;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      // Only the first new level can be taken: the others are under an id that nobody has seen. Who took it has made
      // more of the path, most often: its hints tell, and a round for each level would write all the rest each time.
      const standing = error.failed.get(made.first);
      if (standing !== undefined) folderIdOf(entryRecord.parse(standing), made.path);
      throw error;
    }
  };
  const path = segments.join("/");
  return inRounds(attempt, `Others are making the folders of ${path}; send this again.`, ROUNDS);
}

/**
 * How far the folders are there by now, by hints and names: below the last of those that were decided on, where it is.
 *
 * @returns also the names from the root down, of which those above may have changed. @throws WharfError not_found
 */
async function wayAgain(
  deps: TableDeps,
  workspace_id: string,
  segments: readonly string[],
  decided: readonly TrailFolder[],
): Promise<{ way: Way; segments: readonly string[] }> {
  const anchor = decided.at(-1)?.folder_id;
  const trail = await readTrail(deps, { workspace_id, folder_id: anchor, above: idsOf(decided) });
  if (trail === undefined) throw notFound("folder", segments.join("/"));
  const now = [...trail.map(({ name }) => name), ...segments.slice(decided.length)];
  const hinted = await hintedWay(deps, workspace_id, now);
  const leadsThere = anchor === undefined || idsOf(hinted.trail).includes(anchor);
  const way = await walkOn(deps, leadsThere ? hinted : { ...hinted, trail, isWhole: false }, now);
  await mendHints(deps, way);
  return { way, segments: now };
}

/** The folders of a path that aren't there, and what leads to the last of them. */
function missingFolders(
  deps: Pick<TableDeps, "now">,
  { workspace_id, trail: there }: Way,
  { segments, reach }: { segments: readonly string[]; reach: Reach },
) {
  const trail = [...there];
  const writes: Write[] = [];
  const needed = [reach];
  for (const name of segments.slice(there.length + 1).reverse())
    needed.unshift(below(name, needed[0] ?? reach));
  for (const [index, name] of segments.slice(there.length).entries()) {
    const folder = newFolder(deps.now(), { workspace_id, above: trail, name, reach: needed[index] ?? reach });
    writes.push(...folder.writes);
    trail.push(folder.made);
  }
  const [first] = writes;
  const name = segments[there.length] ?? "";
  if (first === undefined) throw new Error(`${segments.join("/")} lacks no folder`);
  const added = below(name, needed[0] ?? reach);
  const room = roomFor(workspace_id, there, {
    reach: added,
    // The path is looked at again.
    gone: () => undefined,
  });
  const path = segments.slice(0, there.length + 1).join("/");
  const raised = withRoom(there, added);
  return { trail: [...raised, ...trail.slice(there.length)], first, path, writes: [...writes, ...room] };
}

/** The deepest folder of a path that is there; the root where there is none, or a file stands in the way. */
export async function nearestFolder(
  deps: Pick<TableDeps, "table">,
  workspaceId: string,
  segments: readonly string[],
): Promise<string> {
  const hinted = await hintedWay(deps, workspaceId, segments);
  const way = await walkUnlessFile(deps, hinted, segments);
  return way === undefined ? rootFolder(workspaceId) : lastOf(way);
}

/**
 * A new folder: its entry, under which nothing may stand yet, itself, and the hint of its path.
 *
 * @param above folders from below the root down to the one that it is to be in. @param createdBy whoever makes it by a call
 * of its own. @param reach of what is to be in it. @param taken what is told where something stands there.
 */
export function newFolder(
  now: number,
  {
    workspace_id,
    above,
    name,
    folderId = newId("fld", now),
    createdBy: created_by,
    reach = EMPTY,
  }: {
    workspace_id: string;
    above: readonly TrailFolder[];
    name: string;
    folderId?: string | undefined;
    createdBy?: string | undefined;
    reach?: Reach | undefined;
  },
  taken?: Else,
): { made: TrailFolder; writes: Write[] } {
  const parent_id = lastOf({ workspace_id, trail: above });
  const path = pathOf([...above, { name }]);
  const bound = boundAt(path, reach);
  const made: TrailFolder = { folder_id: folderId, name, parent_id, path, reach: bound };
  const writes: Write[] = [
    {
      put: { ...keys.entry(parent_id, name), node_id: folderId, kind: "folder" },
      condition: "attribute_not_exists(#pk)",
      ...(taken && { else: taken }),
    },
    {
      put: {
        ...keys.node(folderId),
        kind: "folder",
        node_id: folderId,
        workspace_id,
        parent_id,
        ...{ name, path, above: idsOf(above) },
        ...{ reach_levels: bound.levels, reach_bytes: bound.bytes },
        ...{ created_at: iso(now), created_by },
      },
      condition: "attribute_not_exists(#pk)",
    },
    hintWrite(workspace_id, path, folderId),
  ];
  return { made, writes };
}
