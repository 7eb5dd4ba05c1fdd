/**
 * How far down folders reach, so that a move, which looks at nothing below, makes no path longer or deeper than may be, and
 * no folder a part of itself.
 *
 * Each folder's record bounds what is below it: names one below another (`reach_levels`) and the bytes of the longest path of
 * them (`reach_bytes`). Whoever puts something below raises the bounds of the folders above in the same transaction, where
 * they don't suffice; nobody lowers them. A bound is raised, and a folder moved, only from where it was read: so a bound that
 * is read holds for what is above too, whoever moves meanwhile. A folder's levels are more than those of each folder in it;
 * two moves that would make a circle can't both be right about that.
 */
import { keys } from "#aws/keys.ts";
import type { Check, Else, Update, Write } from "#aws/table.ts";
import { MAX_DEPTH, MAX_PATH_BYTES } from "#contract/common.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { Reach, TrailFolder } from "#core/kernel/rights.ts";

/** Bounds of bytes grow by so much at once, so that few files raise one. */
const STEP_BYTES = 64;

/** A file by its name, or anything that nothing is below of. */
export const ofName = (name: string): Reach => ({ levels: 1, bytes: Buffer.byteLength(name) });

/** What is in a folder, by its name and what is below it. */
export const below = (name: string, { levels, bytes }: Reach): Reach => ({
  levels: levels + 1,
  bytes: Buffer.byteLength(name) + 1 + bytes,
});

/** A folder that is empty, in which a file is to have room. */
export const EMPTY: Reach = { levels: 1, bytes: 1 };

/** The path of what is at the end of a trail: `reports/2026`; empty in the root. */
export const pathOf = (trail: readonly Pick<TrailFolder, "name">[]) =>
  trail.map(({ name }) => name).join("/");

/** What a folder's record says of what is below it. */
export function reachOf({ reach, path = "" }: Pick<TrailFolder, "reach" | "path">): Reach {
  return reach ?? roomBelow(path);
}

/** What may be below a path. */
function roomBelow(path: string): Reach {
  const levels = path === "" ? 0 : path.split("/").length;
  return {
    levels: MAX_DEPTH + 1 - levels,
    bytes: MAX_PATH_BYTES - (path === "" ? 0 : Buffer.byteLength(path) + 1),
  };
}

/** A bound that leaves room for a little more, but for none that may not be at that path. */
export function boundAt(path: string, { levels, bytes }: Reach): Reach {
  const stepped = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
  return { levels, bytes: Math.max(bytes, Math.min(stepped, roomBelow(path).bytes)) };
}

/**
 * Writes that let something stand at the end of a trail: its last folder is there, and each bounds what comes. None in a
 * workspace's root, which is there as long as the workspace is.
 *
 * @param reach of what comes, its own name included. @param gone what is told where the last folder is there no more.
 */
export function roomFor(
  workspaceId: string,
  trail: readonly TrailFolder[],
  { reach, gone }: { reach: Reach; gone: Else },
): Write[] {
  const last = trail.at(-1);
  if (last === undefined) return [];
  const raised = raises(trail, reach);
  const [first, ...others] = raised;
  if (first?.key.pk === keys.node(last.folder_id).pk)
    return [{ ...first, else: (item) => (isThere(item, workspaceId) ? undefined : gone(item)) }, ...others];
  const there: Check = {
    check: keys.node(last.folder_id),
    condition: "#kind = :folder AND #workspace_id = :workspace_id AND attribute_not_exists(#deleted_at)",
    values: { folder: "folder", workspace_id: workspaceId },
    else: gone,
  };
  return [there, ...raised];
}

const isThere = (item: Record<string, unknown> | undefined, workspaceId: string) =>
  item?.["workspace_id"] === workspaceId && item["deleted_at"] === undefined;

/** Those of a trail's bounds, from its end up, that something at its end goes beyond. */
function raises(trail: readonly TrailFolder[], reach: Reach): Update[] {
  return withRoom(trail, reach)
    .flatMap((folder, level) => {
      const before = trail[level];
      return before === undefined || folder === before ? [] : [raise(before, reachOf(folder))];
    })
    .reverse();
}

/** A trail as it is once something is at its end: the same folders where they bound it already. */
export function withRoom(trail: readonly TrailFolder[], reach: Reach): TrailFolder[] {
  let needed = reach;
  const raised: TrailFolder[] = [];
  for (const [index, folder] of trail.toReversed().entries()) {
    const has = reachOf(folder);
    const suffices = has.levels >= needed.levels && has.bytes >= needed.bytes;
    const path = pathOf(trail.slice(0, trail.length - index));
    raised.unshift(suffices ? folder : { ...folder, reach: boundAt(path, atLeast(has, needed)) });
    needed = below(folder.name, needed);
  }
  return raised;
}

const atLeast = (one: Reach, other: Reach): Reach => ({
  levels: Math.max(one.levels, other.levels),
  bytes: Math.max(one.bytes, other.bytes),
});

function raise(folder: TrailFolder, { levels, bytes }: Reach): Update {
  const { condition, values } = asItWas(folder);
  return {
    key: keys.node(folder.folder_id),
    update: { set: { reach_levels: levels, reach_bytes: bytes } },
    condition: `${condition} AND #parent_id = :parent AND #kind = :folder AND attribute_not_exists(#deleted_at)`,
    values: { ...values, parent: folder.parent_id, folder: "folder" },
  };
}

/** That a folder's bound is what was read of it. */
export function asItWas({ reach }: Pick<TrailFolder, "reach">) {
  if (reach === undefined) return { condition: "attribute_not_exists(#reach_levels)", values: {} };
  return {
    condition: "#reach_levels = :old_levels AND #reach_bytes = :old_bytes",
    values: { old_levels: reach.levels, old_bytes: reach.bytes },
  };
}

/** Whether a folder may be put somewhere, with all that is below it. @param reach of the folder, its own name included */
export function isWithin(trail: readonly TrailFolder[], { levels, bytes }: Reach): boolean {
  const room = roomBelow(pathOf(trail));
  return levels <= room.levels && bytes <= room.bytes;
}

/**
 * Refuses to put a folder where something below it may have too long a path.
 *
 * @param reach of the folder, its own name included. @throws WharfError invalid_request
 */
export function requireWithin(trail: readonly TrailFolder[], reach: Reach): void {
  const room = roomBelow(pathOf(trail));
  if (reach.levels > room.levels)
    throw new WharfError(
      "invalid_request",
      `What is in the folder may reach ${trail.length + reach.levels - 1} folders deep there; at most ${MAX_DEPTH}. Choose a folder further up, or move what is in it by itself.`,
      { max_depth: MAX_DEPTH },
    );
  if (reach.bytes > room.bytes)
    throw new WharfError(
      "invalid_request",
      `The path of what is in the folder may have up to ${MAX_PATH_BYTES - room.bytes + reach.bytes} bytes there; at most ${MAX_PATH_BYTES}. Choose a shorter name or a folder further up, or move what is in it by itself.`,
      { max_path_bytes: MAX_PATH_BYTES },
    );
}
