import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import { organizationEntries } from "#core/access/organization-entries.ts";
import { type WorkspaceRecord, workspaceRecord } from "#core/access/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import type { WorkspaceChange } from "./contract.ts";
import { nameTaken } from "./create-workspace.ts";
import { leaveName, takeName } from "./owner-name.ts";
import { requireUntransferred } from "./require-untransferred.ts";
import { workspaceView } from "./workspace-view.ts";

const ROUNDS = 4;
const naming = z.object({ workspaces: z.record(z.string(), z.string()).default({}) });

/**
 * Renames a workspace, or says what members have on it; what is so already is no change. Where it is listed changes with
 * it, in one transaction, and so does the name by which its owner and the caller call it. Names in others' records are
 * hints and stay.
 *
 * @throws WharfError name_taken where its owner has another of the name; conflict where others keep changing it.
 */
export async function changeWorkspace(deps: TableDeps, call: Call, id: string, change: WorkspaceChange) {
  const { caller } = call;
  for (let round = 0; round < ROUNDS; round++) {
    const was = await deps.table.get(workspaceRecord, keys.workspace(id));
    if (was === undefined || was.deleted_at !== undefined) throw notFound("workspace", id);
    const unclaimed = requireUntransferred(call, was);
    const { name = was.name, member_access = was.member_access } = change;
    const next = { ...was, name, member_access };
    if (name === was.name && member_access === was.member_access) return workspaceView(was, caller);
    const holders = new Set([...(was.created_by === undefined ? [] : [was.created_by]), caller.id]);
    try {
      await deps.table.transact([
        ...ownerNames(was, next),
        changed(was, next),
        ...unclaimed,
        ...entries(was, next),
        ...(name === was.name ? [] : await callNames(deps, id, name, holders)),
      ]);
      return workspaceView(next, caller);
    } catch (error) {
      // Changed by another, or by its own first sending: looked at anew.
      if (!(error instanceof TransactionFailed)) throw error;
    }
  }
  throw new WharfError("conflict", "Others are changing this workspace. Try again.", {
    retry_after_seconds: 1,
  });
}

function changed(was: WorkspaceRecord, { name, member_access }: WorkspaceRecord): Write {
  return {
    key: keys.workspace(was.workspace_id),
    update: { set: { name, member_access, change: newChange() } },
    ...unchanged(was),
  };
}

/** Which other one has the name is nothing that a manager of this one knows. */
function ownerNames(was: WorkspaceRecord, { name }: WorkspaceRecord): Write[] {
  if (name === was.name) return [];
  return [...takeName(was, name, () => nameTaken(name)), ...leaveName(was, was.name)];
}

function entries(was: WorkspaceRecord, next: WorkspaceRecord): Write[] {
  const { workspace_id: workspaceId, organization_id } = next;
  const old = keys.organizationName(organization_id, was.name, workspaceId);
  return [
    ...organizationEntries(organization_id, { workspaceId, ...next }),
    ...(next.name === was.name ? [] : [{ remove: old }]),
  ];
}

/** How those holders call it, where their records say so. */
async function callNames(
  { table }: TableDeps,
  workspaceId: string,
  name: string,
  holders: ReadonlySet<string>,
): Promise<Write[]> {
  const items = await table.batchGet([...holders].map((holder) => keys.principal(holder)));
  return items
    .filter((item) => Object.hasOwn(naming.parse(item).workspaces, workspaceId))
    .map((item) => ({
      key: { pk: String(item["pk"]), sk: String(item["sk"]) },
      update: { set: { [`workspaces.${workspaceId}`]: name } },
      condition: `attribute_exists(#workspaces.#${workspaceId})`,
    }));
}
