import { keys } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import type { Webhook } from "#contract/webhooks.ts";
import type { Call } from "./call.ts";
import { iso } from "./deps.ts";
import { notFound, WharfError } from "./error.ts";
import { findWebhook, readState } from "./find-webhook.ts";
import { resetState } from "./reset-endpoint.ts";
import { type TestDeps, testWebhook } from "./test-webhook.ts";
import { webhookView } from "./webhook-view.ts";

/**
 * Enables an endpoint that answers a `webhook_test` with 2xx, or any by `force`. What it missed waits for `recover`.
 *
 * @throws WharfError webhook_disabled, with the attempt, where that fails; not_found
 */
export async function enableWebhook(
  deps: TestDeps,
  call: Call,
  webhookId: string,
  { force }: { force: boolean },
): Promise<Webhook> {
  const hook = await findWebhook(deps, call.caller, webhookId);
  if (hook.disabled_at === undefined) return webhookView(hook, await readState(deps, webhookId));
  if (!force) {
    const { ok, attempt } = await testWebhook(deps, call, hook, "enable");
    if (!ok) {
      throw new WharfError(
        "webhook_disabled",
        `The webhook_test ${attempt.status === null ? `failed (${attempt.error_class})` : `was answered with ${attempt.status}`}, so the endpoint stays disabled. Mend it and try again, or send {"force": true}.`,
        { attempt },
      );
    }
  }
  const updated_at = iso(deps.now());
  try {
    await deps.table.transact([
      {
        key: keys.hook(webhookId),
        update: "SET #updated_at = :updated_at REMOVE #disabled_at, #disabled_reason",
        condition: "attribute_exists(#pk)",
        values: { updated_at },
      },
      resetState(webhookId),
    ]);
  } catch (error) {
    if (error instanceof TransactionFailed) throw notFound("webhook", webhookId);
    throw error;
  }
  const { disabled_at, disabled_reason, ...enabled } = hook;
  return webhookView({ ...enabled, updated_at }, await readState(deps, webhookId));
}
