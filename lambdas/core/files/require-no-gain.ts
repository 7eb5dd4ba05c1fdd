import { actionsOfRole } from "#contract/roles.ts";
import type { Action } from "#contract/scopes.ts";
import { rightsAt, type WholeRights } from "#core/access/authorize.ts";
import { hasThere } from "#core/access/decide.ts";
import type { Located } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";

/**
 * What is done to a file itself. Whoever has all of it could as well send a copy to the target and delete the original,
 * and may do with that what it may do there.
 */
const EDITS = actionsOfRole("editor").filter((action) => action !== "create");
/** A link is opened by whoever made it, too: for who doesn't read the file it is as good as reading. */
const AS_GOOD_AS: Partial<Record<Action, Action>> = { read: "share" };

/**
 * A move hands no rights over: what the caller, or its token, may do to a file where it is to be, it may do where the
 * file is. No read for whoever edits there by what is known of it already.
 *
 * @throws WharfError forbidden, naming the first that it would gain.
 */
export async function requireNoGain(
  deps: TableDeps,
  { caller, access }: Pick<Call, "caller" | "access">,
  from: Located | undefined,
  to: Located | undefined,
): Promise<void> {
  // What one made is one's own wherever it is.
  if (access?.own === true || EDITS.every((action) => access?.has.has(action))) return;
  const [here, there] = await Promise.all([rightsAt(deps, caller, from), rightsAt(deps, caller, to)]);
  const has = (details: typeof caller.rights.details, whole: WholeRights | undefined) =>
    whole === undefined
      ? new Set<Action>()
      : hasThere({ scopes: caller.scopes, details, ...whole, now: deps.now() }, whole.place);
  for (const details of [caller.rights.details, undefined]) {
    const before = has(details, here);
    const after = has(details, there);
    const gains = (action: Action | undefined) =>
      action !== undefined && after.has(action) && !before.has(action);
    const lacks = EDITS.find((action) => !before.has(action) && (gains(action) || gains(AS_GOOD_AS[action])));
    const gained = gains(lacks) ? lacks : lacks && AS_GOOD_AS[lacks];
    if (gained === undefined) continue;
    throw new WharfError(
      "forbidden",
      `In that folder you could ${gained} the file, which you may not where it is, and a move hands no rights over. Choose a folder where you may do no more with it, or ask somebody who may ${gained} it here.`,
      { required_action: gained, required_scopes: [] },
    );
  }
}
