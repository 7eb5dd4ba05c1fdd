import { type Action, actionsOf, scopesFor } from "#contract/scopes.ts";
import { rightsAt } from "#core/access/authorize.ts";
import { hasThere } from "#core/access/decide.ts";
import type { Located } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";

/**
 * Nobody grants more than they have: each action must be the caller's own there, and its token's scopes must name it.
 *
 * What the decision has already seen of the caller's rights need not be all of them: where that falls short, the rest is read.
 *
 * @throws WharfError forbidden, naming what is lacking.
 */
export async function requireCovered(
  deps: TableDeps,
  { caller, access }: Pick<Call, "caller" | "access">,
  located: Located,
  actions: readonly Action[],
): Promise<void> {
  const scoped = actionsOf(caller.scopes);
  const unnamed = actions.filter((action) => !scoped.has(action));
  const [first] = unnamed;
  if (first !== undefined)
    throw new WharfError(
      "forbidden",
      `The grant lets do ${unnamed.join(", ")}, which your token's scopes don't name, and nobody grants more than they have. Grant less, or ask for a token that also has ${needed(unnamed)}.`,
      { required_action: first, required_scopes: scopesFor(first) },
    );
  if (actions.every((action) => access?.has.has(action))) return;
  const whole = await rightsAt(deps, caller, located);
  const asker = { scopes: caller.scopes, details: caller.rights.details, now: deps.now() };
  const has: ReadonlySet<Action> =
    whole === undefined
      ? new Set()
      : hasThere({ ...asker, role: whole.role, grants: whole.grants }, whole.place);
  const lacking = actions.filter((action) => !has.has(action));
  const [required_action] = lacking;
  if (required_action === undefined) return;
  throw new WharfError(
    "forbidden",
    `The grant lets do ${lacking.join(", ")}, which you may not do there yourself, and nobody grants more than they have. Grant less, or ask who has it.`,
    { required_action, required_scopes: [] },
  );
}

/** One scope for each of these actions. */
const needed = (actions: readonly Action[]) =>
  [...new Set(actions.flatMap((action) => scopesFor(action).slice(0, 1)))].join(" ");
