import { keys } from "#aws/keys.ts";
import { hookRecord, hookSecretRecord, hookState } from "#core/attempts/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { owns } from "./find-webhook.ts";
import { webhookDetailView } from "./webhook-view.ts";

/** An endpoint with how its deliveries fare. @throws WharfError not_found */
export async function showWebhook(deps: TableDeps, { caller }: Call, webhookId: string) {
  const { table, now } = deps;
  const [hook, state, secret] = await Promise.all([
    table.get(hookRecord, keys.hook(webhookId)),
    table.get(hookState, keys.hookState(webhookId)),
    table.get(hookSecretRecord, keys.hookSecret(webhookId)),
  ]);
  if (hook === undefined || secret === undefined || !(await owns(deps, caller, hook)))
    throw notFound("webhook", webhookId);
  return webhookDetailView(hook, state ?? {}, secret, now());
}
