import { type Key, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Located, locateNode, nodeIn } from "#core/access/place.ts";
import { type WorkspaceRecord, workspaceRecord } from "#core/access/records.ts";
import { type FileRecord, fileRecord, isStanding } from "#core/files/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type FolderRecord, folderRecord } from "#core/tree/records.ts";
import { keysOfShare, type OfferedShare, shareAmong } from "./offered-share.ts";
import type { TransferRecord } from "./records.ts";

/** What a transfer is of, as it stands. */
export interface Offered {
  /** Where that is decided; `undefined` where it is gone. */
  located: Located | undefined;
  workspace: WorkspaceRecord | undefined;
  file?: FileRecord | undefined;
  folder?: FolderRecord | undefined;
  share?: OfferedShare | undefined;
}

type Which = Pick<TransferRecord, "type" | "resource_id" | "link">;

/** By which `offeredAmong` finds it. @param workspace_id the one that it stands in */
export const keysOfOffered = ({
  type,
  resource_id,
  link,
  workspace_id,
}: Which & { workspace_id: string }): Key[] => [
  keys.workspace(workspace_id),
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
  const workspace = items.find(({ pk, sk }) => {
    const node = nodeIn(items, link?.file_id ?? resource_id);
    const its = type === "workspace" ? resource_id : node?.["workspace_id"];
    return pk === keys.workspace("").pk && sk === its;
  });
  const record = workspaceRecord.safeParse(workspace).data;
  if (type === "workspace") return { located: { workspace_id: resource_id }, workspace: record };
  if (type === "share")
    return { ...(link === undefined ? NOWHERE : shareAmong(items, holder, link)), workspace: record };
  const node = nodeIn(items, resource_id);
  const there = { located: locateNode(holder, node), workspace: record };
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
  which: Which & { workspace_id: string },
): Promise<Offered> {
  return offeredAmong(await table.batchGet(keysOfOffered(which)), holder, which);
}
