import { holds, type Scope } from "#contract/scopes.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { changeClient, requireLive } from "./client-secrets.ts";
import type { ServiceClient } from "./clients-contract.ts";
import { requireUsable } from "./create-service-client.ts";
import { findClient, requireRank, roleAtHome, showClient } from "./find-client.ts";
import { endOf, endWithin, requireWithin } from "./maker.ts";
import { isFormer } from "./records.ts";

interface Wanted {
  name?: string | undefined;
  scopes?: readonly Scope[] | undefined;
  /** `null`: never by itself. */
  expires_at?: string | null | undefined;
}

/**
 * Changes a client's name, scopes or expiry. A scope that it hasn't must be the caller's own.
 *
 * @throws WharfError not_found; forbidden; invalid_request; conflict for one that is revoked, or that others keep
 * changing.
 */
export async function changeServiceClient(
  deps: TableDeps,
  call: Call,
  id: string,
  { name, scopes, expires_at }: Wanted,
): Promise<ServiceClient> {
  const { organization } = await findClient(deps, call, id);
  if (name === undefined && scopes === undefined && expires_at === undefined)
    return showClient(deps, call, id);
  await changeClient(deps, id, async (client) => {
    requireLive(client);
    const role = roleAtHome(client, organization);
    requireRank(call, organization, role);
    if (scopes !== undefined) {
      // Its scopes are still those of before they were split, and would be read as more.
      if (isFormer(client)) throw notYet(id);
      const more = scopes.filter((scope) => !holds(new Set(client.scopes), scope));
      requireWithin(call.caller, more);
      requireUsable(role, more);
    }
    if (expires_at === undefined) return { name, scopes: scopes && [...scopes] };
    const ends_ms = client.made_by && (await endOf(deps, client.made_by));
    const expires_ms = endWithin(deps.now(), { ends_ms }, expires_at) ?? null;
    return { name, scopes: scopes && [...scopes], expires_ms };
  });
  return showClient(deps, call, id);
}

function notYet(id: string): WharfError {
  return new WharfError(
    "conflict",
    `${id} is from before there were organizations and is being brought over. Try again in a minute.`,
    { retry_after_seconds: 60 },
  );
}
