import { keys } from "#aws/keys.ts";
import type { GrantedDetail } from "#contract/roles.ts";
import { mayInOrganization } from "#core/access/authorize-organization.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { type HookRecord, type HookState, hookRecord, hookState } from "#core/attempts/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";

/** An endpoint of the caller's own; an admin's are all. @throws WharfError not_found */
export async function findWebhook(
  deps: Pick<Deps, "table">,
  caller: Caller,
  webhookId: string,
): Promise<HookRecord> {
  const hook = await deps.table.get(hookRecord, keys.hook(webhookId));
  if (hook === undefined || !(await owns(deps, caller, hook))) throw notFound("webhook", webhookId);
  return hook;
}

/** How an endpoint fares; `{}` where it has gone. */
export async function readState({ table }: Pick<Deps, "table">, webhookId: string): Promise<HookState> {
  return (await table.get(hookState, keys.hookState(webhookId))) ?? {};
}

/**
 * Whether the endpoint is the caller's, as all of an organization are its admins'. A restricted token has those that it
 * could have made: what others hear is more than it may.
 */
export async function owns(deps: Pick<Deps, "table">, caller: Caller, hook: HookRecord): Promise<boolean> {
  const { id, scopes, rights } = caller;
  if (rights.details !== undefined && !isWithin(hook.made_by?.details, rights.details)) return false;
  if (hook.client_id === id) return true;
  return (
    scopes.has("admin") &&
    (await mayInOrganization(deps, caller, hook.organization_id ?? FIRST_ORGANIZATION, "clients"))
  );
}

function isWithin(inner: readonly GrantedDetail[] | undefined, outer: readonly GrantedDetail[]) {
  const place = ({ file, folder, workspace }: GrantedDetail) => file ?? folder ?? workspace;
  return inner?.every((one) =>
    outer.some(
      (other) => place(other) === place(one) && one.actions.every((action) => other.actions.includes(action)),
    ),
  );
}
