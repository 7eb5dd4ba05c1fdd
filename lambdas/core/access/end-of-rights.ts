import { type Action, actions as allActions } from "#contract/scopes.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { rightsAt } from "./authorize.ts";
import { byRole, liveGrants } from "./decide.ts";
import type { Located } from "./place.ts";

/**
 * When the caller loses one of these actions at a place, as things stand (ms); `undefined` where none ends by itself. What
 * it hands on doesn't outlast what it has. No read where nothing of the caller's ends.
 */
export async function endOfRights(
  deps: TableDeps,
  caller: Caller,
  located: Located,
  actions: readonly Action[],
): Promise<number | undefined> {
  const { grants, groups, more_grants } = caller.rights;
  const mayEnd =
    more_grants || groups.length > 0 || grants.some(({ expires_ms }) => expires_ms !== undefined);
  const whole = mayEnd ? await rightsAt(deps, caller, located) : undefined;
  if (whole === undefined) return undefined;
  const ofRole = byRole(whole, whole.place);
  const live = liveGrants({ grants: whole.grants, now: deps.now() }, whole.place);
  const ends = allActions
    .filter((action) => actions.includes(action) && !ofRole.includes(action))
    .map((action) => {
      const sources = live.filter((grant) => grant.actions.includes(action));
      return Math.max(...sources.map(({ expires_ms = Number.POSITIVE_INFINITY }) => expires_ms));
    });
  const first = Math.min(...ends);
  return Number.isFinite(first) ? first : undefined;
}
