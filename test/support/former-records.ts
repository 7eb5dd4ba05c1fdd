/** Clients and workspaces as the release before organizations wrote them. */
import { keys, sha256 } from "#aws/keys.ts";
import type { Table, Write } from "#aws/table.ts";
import { rootFolder } from "#core/access/place.ts";

export interface FormerClient {
  id: string;
  name: string;
  scopes: readonly string[];
  /** Its first is its default; id → name. */
  own: Readonly<Record<string, string>>;
  shared?: Readonly<Record<string, string>>;
  secret?: string;
  revoked?: boolean;
  created_at: string;
}

/** Writes a client and the workspaces that it made, each as a call of that release did it. */
export async function writeFormerClient(table: Table, client: FormerClient): Promise<void> {
  const { id: client_id, name, scopes, own, shared = {}, secret = client_id, created_at } = client;
  const isNew = { condition: "attribute_not_exists(#pk)" };
  const [default_workspace = ""] = Object.keys(own);
  const record = {
    ...{ client_id, name, scopes, default_workspace, created_at },
    secrets: [{ hash: sha256(secret), created_at }],
    workspaces: { ...own, ...shared },
    ...(client.revoked ? { revoked_at: created_at } : {}),
  };
  for (const [workspaceId, named] of Object.entries(own))
    await table.transact(formerWorkspaceWrites(client_id, { workspaceId, name: named, created_at }));
  await table.transact([
    { put: { ...keys.client(client_id), ...record }, ...isNew },
    { put: { ...keys.clientEntry(client_id), client_id, name, created_at }, ...isNew },
  ]);
  for (const workspaceId of Object.keys(shared)) await table.transact([memberWrite(client_id, workspaceId)]);
}

/** A workspace with its root folder. */
function formerWorkspaceWrites(
  client: string,
  { workspaceId, name, created_at }: { workspaceId: string; name: string; created_at: string },
): Write[] {
  const root = rootFolder(workspaceId);
  const isNew = { condition: "attribute_not_exists(#pk)" };
  const place = { workspace_id: workspaceId, name, root_folder: root };
  return [
    { put: { ...keys.workspace(workspaceId), ...place, members: new Set([client]), created_at }, ...isNew },
    { put: { ...keys.workspaceName(client, name), workspace_id: workspaceId }, ...isNew },
    {
      put: {
        ...keys.node(root),
        ...{
          kind: "folder",
          node_id: root,
          workspace_id: workspaceId,
          parent_id: null,
          name: "",
          created_at,
        },
      },
      ...isNew,
    },
  ];
}

/** What the administrator's `share-workspace` wrote. */
export async function shareAsBefore(
  table: Table,
  client: string,
  { workspaceId, name }: { workspaceId: string; name: string },
): Promise<void> {
  await table.transact([
    {
      key: keys.client(client),
      update: { set: { [`workspaces.${workspaceId}`]: name } },
      condition: "attribute_exists(#pk)",
    },
    memberWrite(client, workspaceId),
  ]);
}

/** What an upload wrote that named a workspace which wasn't there. */
export async function makeWorkspaceAsBefore(
  table: Table,
  client: string,
  made: { workspaceId: string; name: string; created_at: string },
): Promise<void> {
  await table.transact([
    ...formerWorkspaceWrites(client, made),
    {
      key: keys.client(client),
      update: { set: { [`workspaces.${made.workspaceId}`]: made.name } },
      condition: "attribute_not_exists(#revoked_at) AND size(#workspaces) < :max",
      values: { max: 100 },
    },
  ]);
}

const memberWrite = (client: string, workspaceId: string): Write => ({
  key: keys.workspace(workspaceId),
  update: { add: { members: new Set([client]) } },
  condition: "attribute_exists(#pk)",
});
