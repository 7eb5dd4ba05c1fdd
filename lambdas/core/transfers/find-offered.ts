import { type Key, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Located, locateNode, nodeIn } from "#core/access/place.ts";
import { type WorkspaceRecord, workspaceRecord } from "#core/access/records.ts";
import { type FileRecord, fileRecord, isStanding } from "#core/files/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { TransferRecord } from "./records.ts";

/** What a transfer is of, as it stands. */
export interface Offered {
  /** Where that is decided; `undefined` where it is gone. */
  located: Located | undefined;
  workspace: WorkspaceRecord | undefined;
  file?: FileRecord | undefined;
}

type Which = Pick<TransferRecord, "type" | "resource_id">;

/** By which `offeredAmong` finds it. @param workspace_id the one that it stands in */
export const keysOfOffered = ({
  type,
  resource_id,
  workspace_id,
}: Which & { workspace_id: string }): Key[] => [
  keys.workspace(workspace_id),
  ...(type === "file" ? [keys.node(resource_id)] : []),
];

/** @param holder of whose decision it is: what it made is its own */
export function offeredAmong(items: readonly Item[], holder: string, { type, resource_id }: Which): Offered {
  const workspace = items.find(({ pk, sk }) => {
    const its = type === "workspace" ? resource_id : nodeIn(items, resource_id)?.["workspace_id"];
    return pk === keys.workspace("").pk && sk === its;
  });
  const record = workspaceRecord.safeParse(workspace).data;
  if (type === "workspace") return { located: { workspace_id: resource_id }, workspace: record };
  const node = nodeIn(items, resource_id);
  const file = fileRecord.safeParse(node).data;
  return { located: locateNode(holder, node), workspace: record, file: isStanding(file) ? file : undefined };
}

/** Reads it. */
export async function findOffered(
  { table }: Pick<TableDeps, "table">,
  holder: string,
  which: Which & { workspace_id: string },
): Promise<Offered> {
  return offeredAmong(await table.batchGet(keysOfOffered(which)), holder, which);
}
