import { keys } from "#aws/keys.ts";
import { happened, type Item } from "#aws/table.ts";
import { rootFolder } from "#core/access/place.ts";
import { ownedNow } from "#core/access/standing.ts";
import { boundOf, readTrail } from "#core/access/trail.ts";
import { arrivalWrites } from "#core/files/change-writes.ts";
import { arrival } from "#core/files/move-target.ts";
import { fileRecord } from "#core/files/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { type Chance, eachDue } from "#core/kernel/each-due.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import type { Owned, TrailFolder } from "#core/kernel/rights.ts";
import { freeName } from "#core/tree/free-name.ts";
import { placeFolder } from "#core/tree/place-folder.ts";
import { below, isWithin, pathOf, reachOf } from "#core/tree/reach.ts";
import { type FolderRecord, folderRecord } from "#core/tree/records.ts";
import { placeAfter, stepOf } from "#core/tree/walk.ts";
import { lastOf } from "#core/tree/way.ts";

/** Names that are looked at in one step. */
const STEP = 200;
const PARALLEL = 8;

type Moving = FolderRecord & { moving: NonNullable<FolderRecord["moving"]>; deleted_at: string };

/** Both sides of a move, and what is known of links to what goes. */
interface Sides {
  from: Owned;
  to: Owned;
  links?: number | undefined;
}

/**
 * Brings folders to the workspaces that they are on their way to, page by page: what is in one is there in name only, below a
 * folder that stands nowhere, until the last of it is; then the folder gets its place. Returns how many arrived.
 */
export function sweepMoves(deps: DueDeps): Promise<number> {
  return eachDue(deps, "move", async (item, chance) => {
    const folder = folderRecord.parse(item);
    const { moving, deleted_at } = folder;
    if (moving === undefined || deleted_at === undefined) return false;
    return bring(deps, { ...folder, moving, deleted_at }, chance);
  });
}

async function bring(deps: DueDeps, folder: Moving, chance: Chance): Promise<boolean> {
  const sides = await sidesOf(deps, folder);
  const { node_id } = folder;
  const top = { folder_id: node_id, trail: [] };
  let { place } = folder.moving;
  for (let isWhole = false; !isWhole; ) {
    const step = await stepOf(deps, top, { deep: true, after: place, most: STEP });
    const { met } = step;
    ({ isWhole } = step);
    await inParallel(met, PARALLEL, ({ entry }) => bringOne(deps, entry.node_id, sides));
    const last = met.at(-1);
    if (last === undefined) break;
    place = placeAfter(top, last, { deep: true });
    const kept = await happened(
      deps.table.update({
        key: keys.node(node_id),
        update: { set: { "moving.place": place } },
        ...onItsWay(folder),
      }),
    );
    if (!kept || (!isWhole && !chance.timeLeft())) return false;
  }
  return arrive(deps, folder, sides);
}

/** Since then it is on its way there. */
const onItsWay = ({ deleted_at, moving }: Moving) => ({
  condition: "#deleted_at = :left_at AND #moving.#workspace_id = :to",
  values: { left_at: deleted_at, to: moving.workspace_id },
});

async function sidesOf(deps: DueDeps, { workspace_id, moving }: Moving): Promise<Sides> {
  const [from, to] = await Promise.all([workspace_id, moving.workspace_id].map((id) => ownedNow(deps, id)));
  if (from === undefined || to === undefined) throw new Error(`a workspace of ${workspace_id} is gone`);
  return { from, to, links: moving.links_since_ms };
}

/** Whatever it is, it is the other workspace's from now on. What has gone from there meanwhile stays where it went. */
async function bringOne(deps: DueDeps, id: string, sides: Sides): Promise<void> {
  await inRounds(async () => {
    const [node] = await deps.table.batchGet([keys.node(id)]);
    if (node?.["workspace_id"] !== sides.from.workspace_id) return;
    await deps.table.update({ key: keys.node(id), ...changeOf(deps.now(), node, sides) });
  }, `${id} is changed by others`);
}

function changeOf(now: number, node: Item, { from, to, links }: Sides) {
  const { workspace_id } = to;
  const seen = node["came_ms"];
  const asCame = seen === undefined ? "attribute_not_exists(#came_ms)" : "#came_ms = :seen";
  // When it came here, too: a copy that comes late finds another moment where it has come back since.
  const here = {
    condition: `#workspace_id = :from AND ${asCame}`,
    values: { from: from.workspace_id, ...(seen !== undefined && { seen }) },
  };
  if (node["kind"] !== "file") return { update: { set: { workspace_id, came_ms: now } }, ...here };
  const file = fileRecord.parse(node);
  const comes = arrival(file, { from, to, now });
  const links_since_ms = links ?? comes.links_since_ms;
  const { set, remove, condition, values } = arrivalWrites(file, { ...comes, links_since_ms });
  return {
    update: { set: { workspace_id, ...set }, remove },
    // A lock that came since it was read is brought over by the next round.
    condition: `${here.condition}${condition || " AND attribute_not_exists(#lock)"}`,
    values: { ...here.values, ...values },
  };
}

/** All of it is there: it stands where it is to be, or as near as there is room. */
async function arrive(deps: DueDeps, folder: Moving, { to }: Sides): Promise<boolean> {
  const { node_id, moving } = folder;
  const { workspace_id } = to;
  const above = await targetOf(deps, folder);
  const parent_id = lastOf({ workspace_id, trail: above });
  const [taken] = await deps.table.batchGet([keys.entry(parent_id, moving.name)]);
  const folder_path = above.length === 0 ? undefined : pathOf(above);
  const name =
    taken === undefined ? moving.name : await freeName(deps, parent_id, { name: moving.name, folder_path });
  const now = deps.now();
  const { writes } = placeFolder(
    { node_id, workspace_id },
    {
      ...{ above, name, now, bounded: boundOf(folder), found: onItsWay(folder), set: { workspace_id } },
      remove: ["deleted_at", "moving", "due_pk", "due_sk"],
      gone: () => undefined,
    },
  );
  const { by: actor, request_id } = moving;
  return happened(
    deps.table.transact([
      ...writes,
      eventWrite(now, {
        type: "folder_moved",
        ...{ request_id, workspace_id, actor },
        data: { folder_id: node_id, from: null, to: { name, parent_id } },
      }),
    ]),
  );
}

/** The folders down to the one that it is to be in, where that stands and has room; else the root. */
async function targetOf(deps: DueDeps, folder: Moving): Promise<readonly TrailFolder[]> {
  const { workspace_id, parent_id, name } = folder.moving;
  if (parent_id === rootFolder(workspace_id)) return [];
  const [item] = await deps.table.batchGet([keys.node(parent_id)]);
  if (item?.["workspace_id"] !== workspace_id) return [];
  const hint = item["above"];
  const above = Array.isArray(hint) ? hint.map(String) : [];
  const trail = await readTrail(deps, { workspace_id, folder_id: parent_id, above: [...above, parent_id] });
  return trail !== undefined && isWithin(trail, below(name, reachOf(boundOf(folder)))) ? trail : [];
}
