import { actingAs, makerKeys } from "#core/accounts/authenticate.ts";
import type { HookRecord } from "#core/attempts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { mayHaveHooks } from "./may-have-hooks.ts";

/**
 * Nothing is sent, by a test or to another URL, for an endpoint that could hear of nothing: its maker is no more, or has
 * lost what it needs.
 *
 * @throws WharfError forbidden
 */
export async function requireHearing(deps: TableDeps, hook: HookRecord): Promise<void> {
  const maker = actingAs(deps, hook, await deps.table.batchGet(makerKeys(hook)));
  if (maker !== undefined && (await mayHaveHooks(deps, maker, hook.folders))) return;
  throw new WharfError(
    "forbidden",
    "The endpoint can hear of nothing: who registered it, or the key that it was registered with, may have webhooks there no more. Grant that again, or register another by whoever may; GET /v1/me shows what you may do where.",
    { required_action: "hooks", required_scopes: ["webhooks:write"] },
  );
}
