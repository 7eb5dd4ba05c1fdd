import type * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import type { DeliveryDeps } from "#core/attempts/deps.ts";
import { hookRecord } from "#core/attempts/records.ts";
import { checkFolders } from "#core/files/check-folders.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inLookupPlace } from "#core/kernel/in-lookup-place.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso } from "#core/kernel/time.ts";
import { newEpoch } from "#core/turns/endpoint-epoch.ts";
import { resetState } from "#core/turns/reset-endpoint.ts";
import { checkDestination } from "./check-destination.ts";
import type { changeWebhookRoute, Webhook } from "./contract.ts";
import { findWebhook, readState } from "./find-webhook.ts";
import { requireHostAllowed } from "./host-allowed.ts";
import { pingWrite, sendPing } from "./ping-endpoint.ts";
import { requireHearing } from "./require-hearing.ts";
import { webhookView } from "./webhook-view.ts";

type ChangeDeps = Pick<DeliveryDeps, "table" | "now" | "outbound" | "queues"> & Pick<Deps, "config">;
type Changes = z.output<typeof changeWebhookRoute.body>;

/**
 * Changes what the request names, and leaves the rest. A new URL starts with a clean record, unverified, and is pinged.
 *
 * @throws WharfError not_found, invalid_url, egress_blocked, policy_denied; invalid_request for unknown folders; forbidden where one that could hear of nothing is to have another URL; as `inLookupPlace`
 */
export async function changeWebhook(
  deps: ChangeDeps,
  call: Call,
  webhookId: string,
  changes: Changes,
): Promise<Webhook> {
  return inRounds(
    () => change(deps, call, webhookId, changes),
    () =>
      new WharfError("rate_limited", "Others change this endpoint too. Send it again; nothing was changed.", {
        retry_after_seconds: 1,
      }),
  );
}

async function change(deps: ChangeDeps, call: Call, webhookId: string, changes: Changes): Promise<Webhook> {
  const { caller } = call;
  const hook = await findWebhook(deps, caller, webhookId);
  if (changes.url !== undefined) {
    await requireHostAllowed(deps, caller, hook.organization_id ?? FIRST_ORGANIZATION, changes.url);
    await inLookupPlace(deps, caller, checkDestination(deps.outbound.guard, changes.url));
  }
  await checkFolders(deps, call, changes.folders ?? []);
  const now = deps.now();
  const { description, url, ...rest } = changes;
  const first = url === undefined || url === hook.url ? undefined : pingWrite(now, call, hook);
  if (first) await requireHearing(deps, hook);
  const epoch = newEpoch();
  const values: Item = {
    ...rest,
    ...(typeof description === "string" ? { description } : {}),
    // The URL that it has is not written: by now it may have another, whose verification is that one's alone.
    ...(first && { url, ping_id: first.ping.delivery_id, epoch }),
    updated_at: iso(now),
  };
  await deps.table.transact([
    {
      key: keys.hook(webhookId),
      update: { set: values, remove: description === null ? ["description"] : [] },
      // Where another has changed it, start from what that left. And a copy that comes late takes back no later change.
      condition: "#updated_at = :seen",
      values: { seen: hook.updated_at },
    },
    ...(first ? [resetState(webhookId, { epoch, moved: true }), first.write] : []),
  ]);
  if (first) await sendPing(deps, first.ping);
  const { description: _, ...before } = hook;
  return webhookView(
    hookRecord.parse({
      ...before,
      ...(description === undefined ? { description: hook.description } : {}),
      ...values,
    }),
    first ? {} : await readState(deps, webhookId),
  );
}
