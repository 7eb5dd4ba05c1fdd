/** What holds of folders, of what is in them and of the trash, at every moment. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { workspaceRecord } from "#core/access/records.ts";
import { boundOf } from "#core/access/trail.ts";
import type { Reach } from "#core/kernel/rights.ts";
import { below, EMPTY, ofName } from "#core/tree/reach.ts";
import { type FolderRecord, folderRecord, gone, trashRecord } from "#core/tree/records.ts";
import { trashKey } from "#core/tree/trash.ts";
import { kindOf } from "./calls.ts";

const keyed = z.looseObject({ pk: z.string(), sk: z.string() });
const thing = z.looseObject({
  ...gone,
  node_id: z.string(),
  kind: z.enum(["file", "folder"]),
  workspace_id: z.string(),
  name: z.string(),
  parent_id: z.string().nullish(),
  folder_id: z.string().optional(),
});
type Thing = z.infer<typeof thing>;

const NODE = kindOf(keys.node("n"));
const WORKSPACE = kindOf(keys.workspace("w"));
const TRASH = kindOf(keys.trash("w", "t"));

const parentOf = ({ kind, folder_id, parent_id }: Thing) => (kind === "file" ? folder_id : parent_id);

/** Says what doesn't hold; nothing where all does. */
export function misplaced(dump: readonly unknown[]): string[] {
  const items = dump.map((item) => keyed.parse(item));
  const things = new Map(
    items
      .filter((item) => kindOf(item) === NODE && (item["kind"] === "file" || item["kind"] === "folder"))
      .map((item) => [String(item["node_id"]), thing.parse(item)]),
  );
  return [
    ...[...circles(things), ...strays(things), ...bounds(things), ...trash(things, items)],
    ...deletedWorkspaces(items),
  ];
}

/** What stands in a folder is in that one's workspace, but for what is on its way to another with a folder above. */
function strays(things: ReadonlyMap<string, Thing>): string[] {
  const isOnItsWay = (one: Thing | undefined, levels = 64): boolean =>
    one !== undefined &&
    levels > 0 &&
    (one["moving"] !== undefined || isOnItsWay(things.get(parentOf(one) ?? ""), levels - 1));
  return [...things.values()].flatMap((one) => {
    const above = things.get(parentOf(one) ?? "");
    if (above === undefined || above.workspace_id === one.workspace_id) return [];
    if (one.deleted_at !== undefined || isOnItsWay(one)) return [];
    return [
      `${one.node_id} (${one.name}) is of ${one.workspace_id}, and in ${above.name} of ${above.workspace_id}`,
    ];
  });
}

/** No folder is in itself. */
function circles(things: ReadonlyMap<string, Thing>): string[] {
  return [...things.values()]
    .filter(({ node_id, ...one }) => {
      const seen = new Set<string>();
      for (let at = parentOf({ node_id, ...one }) ?? undefined; at !== undefined && !seen.has(at); ) {
        seen.add(at);
        at = things.get(at)?.parent_id ?? undefined;
      }
      return seen.has(node_id);
    })
    .map(({ node_id, name }) => `${node_id} (${name}) is in itself`);
}

/** What is said of how far down a folder reaches is enough, and its levels are more than those of each folder in it. */
function bounds(things: ReadonlyMap<string, Thing>): string[] {
  const inside = Map.groupBy(
    [...things.values()].filter(({ deleted_at }) => deleted_at === undefined),
    parentOf,
  );
  const reaches = (id: string, above: readonly string[] = []): Reach =>
    (inside.get(id) ?? [])
      // Circles are told of above.
      .filter(({ node_id }) => !above.includes(node_id))
      .map(({ kind, name, node_id }) =>
        kind === "file" ? ofName(name) : below(name, reaches(node_id, [...above, node_id])),
      )
      .reduce(
        (most, { levels, bytes }) => ({
          levels: Math.max(most.levels, levels),
          bytes: Math.max(most.bytes, bytes),
        }),
        EMPTY,
      );
  const boundIn = (one: Thing): { folder: FolderRecord; reach: Reach | undefined } => {
    const folder = folderRecord.parse(one);
    return { folder, reach: boundOf(folder).reach };
  };
  return [...things.values()].flatMap((one) => {
    if (one.kind !== "folder" || one.deleted_at !== undefined) return [];
    const { folder, reach } = boundIn(one);
    if (reach === undefined) return [];
    const is = reaches(folder.node_id, [folder.node_id]);
    const said = `${folder.node_id} (${folder.name}) says that it reaches ${reach.levels} levels and ${reach.bytes} bytes down`;
    const deeper = (inside.get(folder.node_id) ?? []).filter(
      (child) => child.kind === "folder" && (boundIn(child).reach?.levels ?? 0) >= reach.levels,
    );
    return [
      ...(is.levels > reach.levels || is.bytes > reach.bytes
        ? [`${said}, and it is ${is.levels} and ${is.bytes}`]
        : []),
      ...deeper.map(({ name }) => `${said}, and ${name} in it says as much`),
    ];
  });
}

/** The same of workspaces, which their organizations' trash lists. */
function deletedWorkspaces(items: readonly z.infer<typeof keyed>[]): string[] {
  const listed = items.filter((item) => kindOf(item) === TRASH && item["kind"] === "workspace");
  const expected = items
    .filter((item) => kindOf(item) === WORKSPACE)
    .map((item) => workspaceRecord.parse(item))
    .flatMap(({ deleted_at, purged_ms, ...one }) =>
      deleted_at === undefined || purged_ms !== undefined ? [] : [{ ...one, deleted_at }],
    );
  const keyed = ({ organization_id, workspace_id: node_id, deleted_at }: (typeof expected)[number]) =>
    trashKey(organization_id, { node_id, deleted_at });
  const isOf = (item: { pk: string; sk: string }, one: (typeof expected)[number]) =>
    keyed(one).pk === item.pk && keyed(one).sk === item.sk;
  return [
    ...expected
      .filter((one) => !listed.some((item) => isOf(item, one)))
      .map((one) => `${one.workspace_id} is in the trash, which doesn't list it`),
    ...listed
      .filter((item) => !expected.some((one) => isOf(item, one) && one.name === item["name"]))
      .map((item) => `the trash lists ${item["node_id"]}, which isn't there, or otherwise`),
  ];
}

/** What somebody has deleted is listed in the trash, as it was and once, until it is purged or restored; and nothing else. */
function trash(things: ReadonlyMap<string, Thing>, items: readonly z.infer<typeof keyed>[]): string[] {
  const listed = new Map<string, z.infer<typeof trashRecord>>(
    items
      .filter((item) => kindOf(item) === TRASH && item["kind"] !== "workspace")
      .map((item) => [`${item.pk} ${item.sk}`, trashRecord.parse(item)]),
  );
  const expected = new Map<string, Thing>(
    [...things.values()].flatMap((one) => {
      const { deleted_at, deleted_by, purged_ms, node_id, workspace_id } = one;
      if (deleted_at === undefined || deleted_by === undefined || purged_ms !== undefined) return [];
      const { pk, sk } = trashKey(workspace_id, { node_id, deleted_at });
      return [[`${pk} ${sk}`, one]] as const;
    }),
  );
  return [
    ...[...expected]
      .filter(([key]) => !listed.has(key))
      .map(([, { node_id, name }]) => `${node_id} (${name}) is in the trash, which doesn't list it`),
    ...[...listed].flatMap(([key, { node_id, name, parent_id, deleted_by }]) => {
      const one = expected.get(key);
      if (one === undefined) return [`the trash lists ${node_id} (${name}), which isn't there`];
      const isSame = one.name === name && parentOf(one) === parent_id && one.deleted_by === deleted_by;
      return isSame ? [] : [`the trash lists ${node_id} as ${name} of ${parent_id}, which it wasn't`];
    }),
  ];
}
