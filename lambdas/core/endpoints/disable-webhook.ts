import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Webhook } from "./contract.ts";
import { disableEndpoint } from "./disable-endpoint.ts";
import { findWebhook, readState } from "./find-webhook.ts";
import { webhookView } from "./webhook-view.ts";

/** Disables an endpoint by its owner's wish; repeating it changes nothing. @throws WharfError not_found */
export async function disableWebhook(deps: TableDeps, call: Call, webhookId: string): Promise<Webhook> {
  const hook = await findWebhook(deps, call.caller, webhookId);
  await disableEndpoint(deps, hook, "manual", call.requestId, { actor: actorOf(call.caller) });
  return webhookView(await findWebhook(deps, call.caller, webhookId), await readState(deps, webhookId));
}
