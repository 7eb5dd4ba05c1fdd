import { copyOf } from "#aws/changes.ts";
import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { hookSecretRecord } from "#core/attempts/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso } from "#core/kernel/time.ts";
import { findWebhook } from "./find-webhook.ts";
import { newWebhookSecret } from "./register-webhook.ts";
import type { RotatedSecret } from "./secret-contract.ts";

/**
 * Gives an endpoint a new secret. The one before signs beside it until the overlap ends; the one before that, where
 * a rotation was still under way, ends now. To give the secret that it has is to say that again: the overlap begins
 * anew, with the same one before.
 *
 * @throws WharfError not_found
 */
export async function rotateWebhookSecret(
  deps: TableDeps,
  call: Call,
  webhookId: string,
  { overlap_seconds, secret = newWebhookSecret() }: { overlap_seconds: number; secret?: string | undefined },
): Promise<RotatedSecret> {
  await findWebhook(deps, call.caller, webhookId);
  const attempt = async () => {
    const before = await deps.table.get(hookSecretRecord, keys.hookSecret(webhookId));
    if (before === undefined) throw notFound("webhook", webhookId);
    const until = deps.now() + overlap_seconds * 1000;
    const rotated = { webhook_id: webhookId, secret, previous_secret_until: iso(until) };
    await deps.table.transact([
      {
        key: keys.hookSecret(webhookId),
        update:
          before.current === secret
            ? { set: { previous_until_ms: until } }
            : {
                set: { current: secret, previous: copyOf("current"), previous_until_ms: until },
                remove: ["promoted"],
              },
        // Where another rotation came first: start from what it left.
        condition: "#current = :before",
        values: { before: before.current },
      },
      ...call.record(rotated),
    ]);
    return rotated;
  };
  return inRounds(attempt, "Others rotate this secret too. See which one is current, and decide again.");
}

/**
 * Lets the current secret make `X-Signature` although the overlap goes on. One that comes after it is not meant: its
 * receivers may not have it yet.
 *
 * @throws WharfError not_found
 */
export async function promoteWebhookSecret(
  deps: Pick<Deps, "table">,
  { caller }: Call,
  webhookId: string,
): Promise<void> {
  await findWebhook(deps, caller, webhookId);
  const secret = await deps.table.get(hookSecretRecord, keys.hookSecret(webhookId));
  if (secret === undefined) throw notFound("webhook", webhookId);
  // Rotated since, which ends what was promoted.
  await happened(
    deps.table.update({
      key: keys.hookSecret(webhookId),
      update: { set: { promoted: true } },
      condition: "#current = :current",
      values: { current: secret.current },
    }),
  );
}
