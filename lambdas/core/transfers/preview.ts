import { keys } from "#aws/keys.ts";
import { rootFolder } from "#core/access/place.ts";
import { organizationRecord, type WorkspaceRecord } from "#core/access/records.ts";
import { fileRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import { walk } from "#core/tree/walk.ts";
import type { Preview } from "./contract.ts";

/** Names that are counted: a preview costs no more than a page of a list. */
const MOST = 1_000;

/** What a claim of a workspace would bring, as it is now: 50 folders and 1,000 names are looked through at most. */
export async function previewOf(
  { table, now }: Pick<Deps, "table" | "now">,
  { workspace_id, name, organization_id }: WorkspaceRecord,
): Promise<Preview> {
  const counted = { folders: 0, files: 0, bytes: 0 };
  const files: string[] = [];
  const walking = walk(
    { table },
    { folder_id: rootFolder(workspace_id), trail: [] },
    { deep: true, most: MOST },
  );
  let next = await walking.next();
  for (; next.done !== true; next = await walking.next()) {
    const { kind, node_id } = next.value.entry;
    if (kind === "folder") counted.folders += 1;
    else files.push(node_id);
  }
  const [nodes, organization] = await Promise.all([
    table.batchGet(files.map((id) => keys.node(id))),
    table.get(organizationRecord.optional(), keys.organization(organization_id)),
  ]);
  for (const node of nodes) {
    const file = fileRecord.safeParse(node).data;
    if (file === undefined || file.deleted_at !== undefined) continue;
    counted.files += 1;
    counted.bytes += file.size;
  }
  return {
    ...{ name, organization_id, organization_name: organization?.name ?? "" },
    ...{ ...counted, complete: next.value, at: iso(now()) },
  };
}
