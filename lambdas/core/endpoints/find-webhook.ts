import { keys } from "#aws/keys.ts";
import { type HookRecord, type HookState, hookRecord, hookState } from "#core/attempts/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";

/** An endpoint of the caller's own; an admin's are all. @throws WharfError not_found */
export async function findWebhook(
  { table }: Pick<Deps, "table">,
  caller: Caller,
  webhookId: string,
): Promise<HookRecord> {
  const hook = await table.get(hookRecord, keys.hook(webhookId));
  if (hook === undefined || !owns(caller, hook)) throw notFound("webhook", webhookId);
  return hook;
}

/** How an endpoint fares; `{}` where it has gone. */
export async function readState({ table }: Pick<Deps, "table">, webhookId: string): Promise<HookState> {
  return (await table.get(hookState, keys.hookState(webhookId))) ?? {};
}

/** Whether the endpoint is the caller's, as all are an admin's. */
export function owns(caller: Caller, hook: HookRecord): boolean {
  return hook.client_id === caller.client_id || caller.scopes.has("admin");
}
