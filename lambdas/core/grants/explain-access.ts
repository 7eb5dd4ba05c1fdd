import { keys } from "#aws/keys.ts";
import type { Scope } from "#contract/scopes.ts";
import { actions as allActions } from "#contract/scopes.ts";
import { authorize, rightsAt, type WholeRights } from "#core/access/authorize.ts";
import { type Asker, byRole, decide, liveGrants } from "#core/access/decide.ts";
import { workspaceRecord } from "#core/access/records.ts";
import { organizationNow } from "#core/access/standing.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import type { AccessAnswer, AccessReason } from "./access-contract.ts";
import { principalIn } from "./principal-in.ts";
import { spotOf } from "./spot.ts";

/** A token that no verb is closed to. */
const ALL: ReadonlySet<Scope> = new Set(["admin"]);

/**
 * What somebody may do with a resource and why, by the decision itself: action by action.
 *
 * @throws WharfError not_found; forbidden where the caller asks for another's and may not grant there.
 */
export async function explainAccess(
  deps: TableDeps,
  call: Call,
  [kind, id]: readonly [kind: string, id: string],
  principal = call.caller.id,
): Promise<AccessAnswer> {
  const { caller, ahead = [] } = call;
  const own = principal === caller.id;
  const located = spotOf(ahead, id, caller.id)?.located;
  await authorize(
    deps,
    call,
    located,
    own
      ? { action: "list", what: [kind, id] }
      : { action: "grant", scopes: ["grants:read"], what: [kind, id] },
  );
  const rights = own
    ? { ...caller.rights, details: undefined }
    : await rightsOf(deps, caller, located, principal);
  const theirs = own ? located : spotOf(ahead, id, principal)?.located;
  const whole = await rightsAt(deps, { id: principal, rights, met: caller.met }, theirs);
  if (whole === undefined) return { principal_id: principal, actions: [], because: [] };
  const asker = { scopes: ALL, role: whole.role, grants: whole.grants, now: deps.now() };
  const answer = { principal_id: principal, actions: allowed(asker, whole), because: reasons(asker, whole) };
  if (!own) return answer;
  const { details } = caller.rights;
  return { ...answer, token_actions: allowed({ ...asker, scopes: caller.scopes, details }, whole) };
}

async function rightsOf(
  deps: TableDeps,
  caller: Caller,
  located: { workspace_id: string } | undefined,
  principal: string,
) {
  const workspace = keys.workspace(located?.workspace_id ?? "");
  const items = await deps.table.batchGet([workspace, keys.principal(principal)]);
  const { organization_id } = workspaceRecord.parse(items.find(({ pk }) => pk === workspace.pk));
  const as = await organizationNow(deps, caller, organization_id);
  return principalIn(items, principal, { organization: organization_id, as, now: deps.now() });
}

const allowed = (asker: Asker, { place }: WholeRights) =>
  allActions.filter((action) => decide(asker, action, place).allowed);

function reasons(asker: Asker, { place, role, workspace }: WholeRights): AccessReason[] {
  const { member_access = "none", workspace_id } = place;
  const given = [...byRole(asker, place)];
  const byItsRole: AccessReason[] =
    given.length === 0 || role === undefined || workspace === undefined
      ? []
      : role === "member"
        ? [{ on: workspace_id, actions: given, member_access }]
        : [{ on: workspace.organization_id, actions: given, organization_role: role }];
  const granted = liveGrants(asker, place).map(
    ({ grant_id, on, actions, role: granted, via, expires_ms }): AccessReason => ({
      ...{ on, actions: [...actions], grant_id },
      ...(granted === undefined ? {} : { role: granted }),
      ...(via === undefined ? {} : { via_group: via }),
      expires_at: expires_ms === undefined ? null : iso(expires_ms),
    }),
  );
  const made = allActions.filter((action) => {
    const decision = decide(asker, action, place);
    return decision.allowed && decision.own;
  });
  const last = place.chain.at(-1) ?? workspace_id;
  const own: AccessReason[] = made.length === 0 ? [] : [{ on: last, actions: made, own: true }];
  return [...byItsRole, ...granted, ...own];
}
