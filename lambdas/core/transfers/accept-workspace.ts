import * as z from "zod";
import { due, keys, nameOfKey } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import { authorizeOrganization, epochIn } from "#core/access/authorize-organization.ts";
import { grantLimit, grantWrites, MAX_GRANTS, type NewGrant } from "#core/access/grant-writes.ts";
import { noOrganizationEntries, organizationEntries } from "#core/access/organization-entries.ts";
import { workspaceNow } from "#core/access/organization-now.ts";
import { stillUnclaimed } from "#core/access/organization-writes.ts";
import { MAX_IN_RECORD } from "#core/access/rights-of.ts";
import { actorOf, type Call, type Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { numberedWorkspace } from "#core/workspaces/numbered-workspace.ts";
import { leaveName, takeName } from "#core/workspaces/owner-name.ts";
import { workspaceView } from "#core/workspaces/workspace-view.ts";
import type { Claimed, ClaimRequest } from "./contract.ts";
import { claimedWrites, endWrites, toldOf } from "./end-transfer.ts";
import { type Claim, findClaimOfThing } from "./find-claim.ts";
import { residualWrites } from "./residual.ts";

const ROUNDS = 12;

/** What the next try does otherwise. */
interface Attempt {
  /** So many names like its own are the claimer's already. */
  taken: number;
  /** Whether grants go into their holders' partitions. */
  further: { claimer: boolean; maker: boolean };
}

/**
 * Makes a workspace another organization's, and the caller its owner, in one transaction whatever is in it: exactly one claim
 * wins, and never half. Its epoch is the next, so that what was granted, locked and begun before is judged by it and is none.
 *
 * @throws WharfError not_found, transfer_gone; forbidden by the caller's role; grant_limit where it has 1,000 grants; conflict.
 */
export async function acceptWorkspace(
  deps: TableDeps,
  call: Call,
  token: string,
  { organization: named, first }: Pick<ClaimRequest, "organization"> & { first: Claim },
): Promise<Claimed> {
  const organization = await authorizeOrganization(deps, call, named, "organize");
  const { caller } = call;
  const isFull = (one: Caller) => one.rights.grants.length >= MAX_IN_RECORD;
  const attempt: Attempt = { taken: 0, further: { claimer: isFull(caller), maker: false } };
  let full = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const claim = round === 0 ? first : await findClaimOfThing(deps, call, token);
    const plan = planOf(deps.now(), call, claim, { organization, attempt });
    try {
      await deps.table.transact([...plan.writes, ...call.record(plan.answer)]);
      return plan.answer;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      const failed = (writes: readonly Write[]) => writes.some((write) => error.failed.has(write));
      if (failed(plan.naming)) attempt.taken += 1;
      if (failed(plan.residual)) attempt.further.maker = !attempt.further.maker;
      if (failed(plan.owning)) {
        attempt.further.claimer = !attempt.further.claimer;
        full += 1;
        if (full > 2) throw await whyNotGranted(deps, caller.id);
      }
    }
  }
  throw new WharfError("conflict", "Others keep changing this workspace, or what you have. Try again.", {
    retry_after_seconds: 1,
  });
}

/** Why somebody can't be granted anything: it has all that it may have, or is changed by others. */
async function whyNotGranted({ table }: TableDeps, holder: string): Promise<WharfError> {
  const record = await table.get(grantCounts.optional(), keys.principal(holder));
  const count = Object.keys(record?.grants ?? {}).length + (record?.more_grants ?? 0);
  if (count >= MAX_GRANTS) return grantLimit(holder);
  return new WharfError("conflict", "Others change what you have at this moment. Try again.", {
    retry_after_seconds: 1,
  });
}

const grantCounts = z.object({
  grants: z.record(z.string(), z.unknown()).default({}),
  more_grants: z.number().default(0),
});

function planOf(
  now: number,
  call: Call,
  { transfer, workspace, maker, belongs }: Claim,
  { organization, attempt }: { organization: string; attempt: Attempt },
) {
  const { caller } = call;
  const { workspace_id, organization_id: from } = workspace;
  const epoch = workspaceNow(workspace, belongs).epoch + 1;
  const came = epochIn(caller, organization);
  const name = attempt.taken === 0 ? workspace.name : numberedWorkspace(workspace.name, attempt.taken);
  const granted = {
    ...{ on: workspace_id, workspace_id, epoch, workspace_name: name },
    ...{ created_at: iso(now), created_by: caller.id },
  };
  const owning: NewGrant = {
    ...{ ...granted, grant_id: newId("grt", now), principal_id: caller.id },
    ...{ organization_id: organization, role: "owner" },
  };
  const naming = takeName({ workspace_id, created_by: caller.id }, name);
  const leaving = leaveName(workspace, workspace.name);
  const ownWrites = grantWrites(owning, { further: attempt.further.claimer });
  const residual = residualWrites(now, { transfer, maker, caller, granted, further: attempt.further.maker });
  const told = { request_id: call.requestId, actor: actorOf(caller) };
  const data = { ...toldOf(transfer), name, from, to: organization };
  const writes: Write[] = [
    ...endWrites(now, transfer, { claimed_by: caller.id, claimed_for: organization }),
    {
      key: keys.workspace(workspace_id),
      update: {
        set: {
          ...{ organization_id: organization, epoch, name, member_access: "none" },
          ...{
            organization_epoch: came === workspace.organization_epoch ? undefined : came,
            created_by: caller.id,
            change: newChange(),
            tidying: {},
          },
          ...(transfer.keep.shares ? {} : { links_from: { ms: now, epoch } }),
          ...due("handover", now, workspace_id),
        },
      },
      ...unchanged(workspace),
    },
    stillUnclaimed(from, belongs.epoch),
    ...noOrganizationEntries(from, { workspaceId: workspace_id, name: workspace.name }),
    ...organizationEntries(organization, {
      ...{ workspaceId: workspace_id, name, member_access: "none", epoch, organization_epoch: came },
    }),
    ...leaving,
    ...naming,
    ...ownWrites,
    ...residual,
    ...forgetting({ transfer, maker, caller, workspace_id }),
    ...claimedWrites(now, data, told),
  ];
  const view = { workspace_id, name, organization_id: organization, member_access: "none" as const };
  const answer: Claimed = {
    transfer_id: transfer.transfer_id,
    resource: { type: "workspace", id: workspace_id },
    workspace: workspaceView(view, caller),
    claimed_at: iso(now),
  };
  return { writes: inOrder(writes), answer, naming, owning: ownWrites, residual };
}

/** Whoever keeps nothing there calls no workspace by its name, and has it no more by default. */
function forgetting({
  transfer: { residual_role },
  maker,
  caller,
  workspace_id,
}: Pick<Claim, "transfer" | "maker"> & { caller: Caller; workspace_id: string }): Write[] {
  const isKept = residual_role !== "none" || maker.id === caller.id;
  if (isKept || !Object.hasOwn(maker.workspaces, workspace_id)) return [];
  const isDefault = maker.default_workspace === workspace_id;
  return [
    {
      key: keys.principal(maker.id),
      update: { remove: [`workspaces.${workspace_id}`, ...(isDefault ? ["default_workspace"] : [])] },
      condition: `attribute_exists(#workspaces.#${workspace_id})${isDefault ? " AND #default_workspace = :handed" : ""}`,
      values: isDefault ? { handed: workspace_id } : {},
    },
  ];
}

/** A transaction names each item once: where nothing changes of what lists it, it is put and not removed. */
function inOrder(writes: readonly Write[]): Write[] {
  const keyOfWrite = (write: Write) =>
    "put" in write ? write.put : "key" in write ? write.key : "remove" in write ? write.remove : write.check;
  const put = new Set(writes.filter((write) => "put" in write).map((write) => nameOfKey(keyOfWrite(write))));
  return writes.filter((write) => !("remove" in write) || !put.has(nameOfKey(keyOfWrite(write))));
}
