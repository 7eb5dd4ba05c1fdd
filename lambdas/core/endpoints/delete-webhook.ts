import { keys } from "#aws/keys.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { findWebhook } from "./find-webhook.ts";

/** Deletes an endpoint with its secret and state. Deliveries that wait find it gone, and end. @throws WharfError not_found */
export async function deleteWebhook(
  deps: Pick<Deps, "table">,
  { caller }: Call,
  webhookId: string,
): Promise<void> {
  const hook = await findWebhook(deps, caller, webhookId);
  await deps.table.transact([
    {
      remove: keys.hook(webhookId),
      condition: "attribute_exists(#pk)",
      else: () => notFound("webhook", webhookId),
    },
    { remove: keys.hookSecret(webhookId) },
    { remove: keys.hookState(webhookId) },
    { key: keys.hookCount(hook.client_id), update: { add: { endpoints: -1 } } },
    // Those from before organizations were counted among no organization's.
    ...(hook.organization_id === undefined
      ? []
      : [{ key: keys.organizationHookCount(hook.organization_id), update: { add: { endpoints: -1 } } }]),
  ]);
}
