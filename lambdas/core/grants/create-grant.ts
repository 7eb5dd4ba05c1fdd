import { type Key, keys } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { actions as allActions } from "#contract/scopes.ts";
import { endOfRights } from "#core/access/end-of-rights.ts";
import { grantEvent } from "#core/access/grant-event.ts";
import { epochOf, grantLimit, grantWrites, type NewGrant } from "#core/access/grant-writes.ts";
import { migrateClient } from "#core/access/migrate-client.ts";
import { workspaceNow } from "#core/access/organization-now.ts";
import { grantRecord, workspaceRecord } from "#core/access/records.ts";
import { MAX_IN_RECORD } from "#core/access/rights-of.ts";
import { organizationNow } from "#core/access/standing.ts";
import { earliest, endWithin, grantMakerOf, type Maker, makerWrites } from "#core/accounts/maker.ts";
import { actorOf, type Call, type Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { Grant, GrantRequest } from "./contract.ts";
import { grantView, isLive } from "./grant-view.ts";
import { principalIn } from "./principal-in.ts";
import { requireCovered } from "./require-covered.ts";
import { folderOf, type Spot } from "./spot.ts";

const ROUNDS = 6;

/**
 * Grants somebody something, where the caller may grant. The same again answers what is there.
 *
 * @throws WharfError forbidden for more than the caller has; not_found for a principal that isn't the organization's;
 * invalid_request for an end that is past or behind the maker's; grant_limit; conflict.
 */
export async function createGrant(
  deps: TableDeps,
  call: Call,
  spot: Spot,
  { principal_id, role, actions, expires_at }: GrantRequest,
): Promise<Grant> {
  const { on, located } = spot;
  const { workspace_id } = located;
  const given = actions ?? (role === undefined ? [] : actionsOfRole(role));
  await requireCovered(deps, call, located, given);
  const [maker, rightsEnd, items] = await Promise.all([
    grantMakerOf(deps, call.caller),
    endOfRights(deps, call.caller, located, ["grant", ...given]),
    deps.table.batchGet([keys.workspace(workspace_id), keys.principal(principal_id)]),
  ]);
  const workspace = workspaceRecord.safeParse(items.find(({ pk }) => pk === WORKSPACES)).data;
  if (workspace === undefined) throw notFound("workspace", workspace_id);
  const now = deps.now();
  const { organization_id } = workspace;
  const as = await organizationNow(deps, call.caller, organization_id);
  const rights = principalIn(items, principal_id, { organization: organization_id, as, now });
  const expires_ms = endWithin(now, { ends_ms: earliest(maker.ends_ms, rightsEnd) }, expires_at);
  const terms =
    role === undefined ? { actions: allActions.filter((one) => actions?.includes(one)) } : { role };
  const grant: NewGrant = {
    ...{ grant_id: newId("grt", now), principal_id, on, workspace_id, ...terms, expires_ms },
    ...{ organization_id, created_at: iso(now), created_by: call.caller.id, made_by: maker.made_by },
    ...{ epoch: epochOf(workspaceNow(workspace, as)), workspace_name: workspace.name },
  };
  const isFull = rights.grants.length >= MAX_IN_RECORD;
  return write(deps, call, { grant, maker, folder_id: folderOf(spot), isFull });
}

const WORKSPACES = keys.workspace("").pk;

interface Wanted {
  grant: NewGrant;
  maker: Maker;
  folder_id: string | undefined;
  /** Where its holder's record seems to have no room: its partition is tried first. */
  isFull: boolean;
}

async function write(
  deps: TableDeps,
  call: Call,
  { grant, maker, folder_id, isFull }: Wanted,
): Promise<Grant> {
  const answer = grantView(grant);
  const { grant_id, principal_id, expires_ms } = grant;
  const now = Date.parse(grant.created_at);
  const event = { type: "grant_created", request_id: call.requestId, actor: actorOf(call.caller) } as const;
  let further = isFull;
  let instead: string | undefined;
  let full = 0;
  for (let round = 0; round < ROUNDS && full < 2; round++) {
    const given = grantWrites(grant, { further, instead });
    try {
      await deps.table.transact([
        ...given,
        ...makerWrites(maker, grant_id, { now, expires_ms, holder: principal_id, beside: principal_id }),
        eventWrite(now, grantEvent({ ...event, grant, folder_id })),
        ...call.record(answer),
      ]);
      return answer;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      const [same] = given;
      if (same !== undefined && error.failed.has(same)) {
        const there = String(error.failed.get(same)?.["grant_id"]);
        const found = await deps.table.get(grantRecord, keys.grant(there));
        if (found !== undefined && isLive(found, deps.now())) return repeated(deps, call, grantView(found));
        instead = there;
        continue;
      }
      // No room in one of the two places, or the holder has ended.
      if (await migrateClient(deps, principal_id)) continue;
      further = !further;
      full++;
    }
  }
  await requireHolder(deps, call.caller, principal_id, grant.organization_id);
  if (full >= 2) throw grantLimit(principal_id);
  throw new WharfError("conflict", "Others grant the same at this moment. Try again.", {
    retry_after_seconds: 1,
  });
}

/** What was granted before is answered again, and kept under the call's key. */
async function repeated({ table }: TableDeps, call: Call, answer: Grant): Promise<Grant> {
  const kept = call.record(answer);
  if (kept.length > 0) await table.transact(kept);
  return answer;
}

/** @throws WharfError not_found where it has ended meanwhile */
async function requireHolder(
  deps: TableDeps,
  caller: Caller,
  id: string,
  organization: string,
): Promise<void> {
  const key: Key = keys.principal(id);
  const as = await organizationNow(deps, caller, organization);
  principalIn(await deps.table.batchGet([key]), id, { organization, as, now: deps.now() });
}
