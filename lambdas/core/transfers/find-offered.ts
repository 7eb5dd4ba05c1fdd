import { type Key, keys, nameOfKey } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { workspaceNow } from "#core/access/organization-now.ts";
import { type Located, locateNode, nodeIn } from "#core/access/place.ts";
import {
  type OrganizationRecord,
  organizationRecord,
  type WorkspaceRecord,
  workspaceRecord,
} from "#core/access/records.ts";
import { type Belonging, organizationNow } from "#core/access/standing.ts";
import { type FileRecord, fileRecord, isStanding } from "#core/files/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type FolderRecord, folderRecord } from "#core/tree/records.ts";
import { keysOfShare, type OfferedShare, shareAmong } from "./offered-share.ts";
import type { TransferRecord } from "./records.ts";

/** What a transfer is of, as it was read. */
export interface Offered {
  /** Where that is decided; `undefined` where it is gone, and of an organization. */
  located?: Located | undefined;
  workspace?: WorkspaceRecord | undefined;
  file?: FileRecord | undefined;
  folder?: FolderRecord | undefined;
  share?: OfferedShare | undefined;
  organization?: OrganizationRecord | undefined;
}

export type Which = Pick<TransferRecord, "type" | "resource_id" | "workspace_id" | "link">;

/** By which `offeredAmong` finds it. */
export const keysOfOffered = ({ type, resource_id, workspace_id, link }: Which): Key[] => [
  ...(type === "organization" ? [keys.organization(resource_id)] : []),
  ...(workspace_id === undefined ? [] : [keys.workspace(workspace_id)]),
  ...(link === undefined ? [] : keysOfShare(link)),
  ...(type === "file" || type === "folder" ? [keys.node(resource_id)] : []),
];

const NOWHERE = { located: undefined, share: undefined };

/** @param holder of whose decision it is: what it made is its own */
export function offeredAmong(
  items: readonly Item[],
  holder: string,
  { type, resource_id, link }: Which,
): Offered {
  const at = (key: Key) => items.find((item) => nameOfKey(item) === nameOfKey(key));
  if (type === "organization")
    return { organization: organizationRecord.safeParse(at(keys.organization(resource_id))).data };
  const node = nodeIn(items, link?.file_id ?? resource_id);
  const its = type === "workspace" ? resource_id : String(node?.["workspace_id"]);
  const workspace = workspaceRecord.safeParse(at(keys.workspace(its))).data;
  if (type === "workspace") return { located: { workspace_id: resource_id }, workspace };
  if (type === "share")
    return { ...(link === undefined ? NOWHERE : shareAmong(items, holder, link)), workspace };
  const there = { located: locateNode(holder, node), workspace };
  if (type === "file") {
    const file = fileRecord.safeParse(node).data;
    return { ...there, file: isStanding(file) ? file : undefined };
  }
  const folder = folderRecord.safeParse(node).data;
  return { ...there, folder: folder?.deleted_at === undefined ? folder : undefined };
}

/** Reads it. */
export async function findOffered(
  { table }: Pick<TableDeps, "table">,
  holder: string,
  which: Which,
): Promise<Offered> {
  return offeredAmong(await table.batchGet(keysOfOffered(which)), holder, which);
}

/** How often what is offered, or the workspace that it stands in, has been handed over. `undefined` where it is gone. */
export async function epochOfOffered(
  deps: Pick<TableDeps, "table">,
  holder: Pick<Caller, "met">,
  { workspace, organization }: Offered,
): Promise<number | undefined> {
  if (organization !== undefined) return organization.epoch;
  if (workspace === undefined) return undefined;
  return workspaceNow(workspace, await organizationNow(deps, holder, workspace.organization_id)).epoch;
}

/** The same of a workspace whose organization is known. */
export const epochOfBelonging = ({ workspace, organization }: Belonging): number =>
  workspaceNow(workspace, organization).epoch;
