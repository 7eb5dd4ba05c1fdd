import { keys } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import type { Call } from "#core/kernel/call.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import { newEpoch, sameEpoch } from "#core/turns/endpoint-epoch.ts";
import { resetState } from "#core/turns/reset-endpoint.ts";
import type { TestResult, Webhook } from "./contract.ts";
import { findWebhook, readState } from "./find-webhook.ts";
import { requireHearing } from "./require-hearing.ts";
import { type TestDeps, testWebhook } from "./test-webhook.ts";
import { webhookView } from "./webhook-view.ts";

/**
 * Enables an endpoint that answers a `webhook_test` with 2xx, or any by `force`. What it missed waits for `recover`. A test
 * counts for the endpoint that it was sent to: not where it has got another URL, or was enabled and disabled again.
 *
 * @throws WharfError webhook_disabled, with the attempt, where that fails; not_found; forbidden where it could hear of nothing
 */
export async function enableWebhook(
  deps: TestDeps,
  call: Call,
  webhookId: string,
  { force }: { force: boolean },
): Promise<Webhook> {
  const hook = await findWebhook(deps, call.caller, webhookId);
  if (hook.disabled_at === undefined) return webhookView(hook, await readState(deps, webhookId));
  if (force) await requireHearing(deps, hook);
  const tested = force ? undefined : await testWebhook(deps, call, hook, "enable");
  if (tested?.ok === false) {
    const { status, error_class } = tested.attempt;
    const came = status === null ? `failed (${error_class})` : `was answered with ${status}`;
    throw staysDisabled(`The webhook_test ${came}`, tested);
  }
  const updated_at = iso(deps.now());
  const epoch = newEpoch();
  try {
    await deps.table.transact([
      {
        key: keys.hook(webhookId),
        update: { set: { updated_at, epoch }, remove: ["disabled_at", "disabled_reason"] },
        condition: `attribute_exists(#pk)${tested === undefined ? "" : ` AND ${sameEpoch(hook.epoch, "tested")}`}`,
        values: { tested: tested && hook.epoch },
      },
      resetState(webhookId, { epoch }),
    ]);
  } catch (error) {
    if (!(error instanceof TransactionFailed)) throw error;
    const found = await findWebhook(deps, call.caller, webhookId);
    if (tested === undefined) throw notFound("webhook", webhookId);
    if (found.disabled_at !== undefined)
      throw staysDisabled("The endpoint was changed while its webhook_test was under way", tested);
    return webhookView(found, await readState(deps, webhookId));
  }
  const { disabled_at, disabled_reason, ...enabled } = hook;
  return webhookView({ ...enabled, updated_at }, await readState(deps, webhookId));
}

function staysDisabled(why: string, { attempt }: TestResult): WharfError {
  return new WharfError(
    "webhook_disabled",
    `${why}, so the endpoint stays disabled. Mend it and try again, or send {"force": true}.`,
    { attempt },
  );
}
