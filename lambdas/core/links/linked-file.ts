import { keys } from "#aws/keys.ts";
import type { Check, Else, Item } from "#aws/table.ts";
import { remember } from "#core/access/hints.ts";
import { nodeIn } from "#core/access/place.ts";
import { openWorkspace } from "#core/access/standing.ts";
import { hintedFolders, trailOf } from "#core/access/trail.ts";
import { type FileRecord, fileRecord, isStanding, versionRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Owned } from "#core/kernel/rights.ts";
import { atVersion } from "#core/versions/at-version.ts";
import { isLeftBehind, linkGone } from "./link-gone.ts";
import type { LinkRecord } from "./records.ts";

type Bound = Pick<LinkRecord, "file_id" | "version_id" | "name">;
type Hinting = Bound &
  Pick<LinkRecord, "pk" | "workspace_id" | "organization_id" | "above" | "created_at" | "epoch">;

/** What a link leads to, and whose that is. */
export interface LinkedFile {
  file: FileRecord;
  owned: Owned;
}

/**
 * The file behind a link; `undefined` where it is gone, or a folder above it or its workspace is. Where the link is bound to a version, with
 * that one's content and under the name that the link was made for.
 *
 * @param seen what was read with the link.
 *
 * @throws WharfError link_gone where it is from before the workspace was handed over without links.
 *
 * One round trip where the link's hints of the folders above and of whose the workspace is are right; else two or more.
 */
export async function linkedFile(
  deps: Pick<Deps, "table" | "objects" | "config">,
  link: Hinting,
  seen: readonly Item[] = [],
): Promise<LinkedFile | undefined> {
  const { pk, file_id, version_id, name, workspace_id, organization_id, above = [] } = link;
  const versionKey = version_id === undefined ? [] : [keys.version(file_id, version_id)];
  const folders = [...new Set(above)].map((id) => keys.node(id));
  const place = [
    keys.workspace(workspace_id),
    ...(organization_id === undefined ? [] : [keys.organization(organization_id)]),
  ].filter(({ pk, sk }) => !seen.some((item) => item["pk"] === pk && item["sk"] === sk));
  const read = await deps.table.batchGet([keys.node(file_id), ...versionKey, ...folders, ...place]);
  const items = [...seen, ...read];
  const file = fileRecord.safeParse(nodeIn(items, file_id)).data;
  const workspace = isStanding(file) ? await workspaceOf(deps, file, items, above) : undefined;
  if (!isStanding(file) || workspace === undefined) return undefined;
  if (isLeftBehind(link, file, workspace)) throw linkGone("revoked");
  remember(pk, workspace);
  if (version_id === undefined) return { file, owned: workspace };
  const version = versionRecord.safeParse(items.find(({ sk }) => sk === versionKey[0]?.sk)).data;
  if (version === undefined || version.removed_ms !== undefined) return undefined;
  return { file: await atVersion(deps, file, version, name), owned: workspace };
}

/** The workspace of a file, where that and the folders above it are there. @param items among which those are that a link hints at. */
async function workspaceOf(
  deps: Pick<Deps, "table">,
  { workspace_id, folder_id, above }: FileRecord,
  items: readonly Item[],
  hinted: readonly string[],
): Promise<Owned | undefined> {
  const located = { workspace_id, folder_id, above: hinted.includes(folder_id) ? hinted : above };
  const wanted = hintedFolders(located).filter((id) => !hinted.includes(id));
  const further = wanted.length === 0 ? [] : await deps.table.batchGet(wanted.map((id) => keys.node(id)));
  if ((await trailOf(deps, located, [...items, ...further])) === undefined) return undefined;
  return openWorkspace(deps, workspace_id, items);
}

/**
 * What a transaction checks of the file behind a link: it is there, and so is the version that the link is bound to.
 *
 * @param gone what is told where they aren't. @param where the workspace in which the file is, and what is told where it
 * stands in another: nothing unless said, so that the first check fails without a refusal.
 */
export function linkedFileChecks(
  { file_id, version_id, created_at }: Pick<Hinting, "file_id" | "version_id" | "created_at">,
  gone: Else,
  where?: { in: string; else?: Else },
): [Check, ...Check[]] {
  const toldIn = where?.in;
  const isElsewhere = (item: Item | undefined) =>
    toldIn !== undefined && elsewhere(item, toldIn) !== undefined;
  const file: Check = {
    check: keys.node(file_id),
    condition: `attribute_exists(#pk) AND attribute_not_exists(#deleted_at) AND (attribute_not_exists(#links_since_ms) OR #links_since_ms <= :made_ms)${toldIn === undefined ? "" : " AND #workspace_id = :told_in"}`,
    values: { made_ms: Date.parse(created_at), ...(toldIn !== undefined && { told_in: toldIn }) },
    else: (item) => {
      if (isElsewhere(item)) return where?.else?.(item);
      return isCutOff(item, created_at) ? linkGone("revoked") : gone(item);
    },
  };
  if (version_id === undefined) return [file];
  const version: Check = {
    check: keys.version(file_id, version_id),
    condition: "attribute_exists(#pk) AND attribute_not_exists(#removed_ms)",
    else: gone,
  };
  return [file, version];
}

/** Whether a file came from a workspace that had been handed over without links after one was made. */
function isCutOff(item: Item | undefined, created_at: string): boolean {
  const file = fileRecord.safeParse(item).data;
  return isStanding(file) && isLeftBehind({ created_at }, file, {});
}

/** The workspace in which a file stands that isn't in this one; `undefined` where it is, or is gone. */
export function elsewhere(item: Item | undefined, workspaceId: string): string | undefined {
  const file = fileRecord.safeParse(item).data;
  return isStanding(file) && file.workspace_id !== workspaceId ? file.workspace_id : undefined;
}
