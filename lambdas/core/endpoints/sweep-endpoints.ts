import type * as z from "zod";
import { due, keys } from "#aws/keys.ts";
import { happened, type Item } from "#aws/table.ts";
import { hookRecord, hookState } from "#core/attempts/records.ts";
import type { Deps, DueDeps, TableDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { DISABLE_HOURS, WARN_HOURS } from "#core/turns/endpoint-health.ts";
import { disableEndpoint } from "./disable-endpoint.ts";

const HOUR_MS = 3_600_000;
/** Failures close together are one outage: the first and the last lie this far apart at least. */
const SPREAD_MS = 12 * HOUR_MS;
const MIN_FAILURES_TO_DISABLE = 20;
const MIN_FAILURES_TO_WARN = 2;
/** An endpoint past its 120 h that hasn't failed often enough is looked at again after this. */
const AGAIN_MS = HOUR_MS;

/** Warns of endpoints that have failed for 24 and 72 h, and disables them at 120 h. Returns how many it told of. */
export function sweepEndpoints(deps: DueDeps): Promise<number> {
  return eachDue(deps, "endpoint", (item) => judge(deps, dueState.parse(item), item));
}

const dueState = hookState.required({ webhook_id: true });

async function judge(deps: TableDeps, state: z.infer<typeof dueState>, item: Item): Promise<boolean> {
  const { webhook_id, failing_since_ms: since, last_failure_ms: last = 0, warned_hours = 0 } = state;
  const hook = await deps.table.get(hookRecord, keys.hook(webhook_id));
  if (hook === undefined || hook.disabled_at !== undefined || since === undefined) {
    await move(deps, webhook_id, item, undefined);
    return false;
  }
  const now = deps.now();
  const hours = (now - since) / HOUR_MS;
  const spread = last - since >= SPREAD_MS;
  const { failing_count: failures = 0 } = state;
  const requestId = `sweep-${webhook_id}`;
  if (hours >= DISABLE_HOURS && spread && failures >= MIN_FAILURES_TO_DISABLE) {
    // An attempt may have gone well since the index was written; its success takes the item out of it.
    const given = [moveWrite(webhook_id, item, undefined)];
    return await disableEndpoint(deps, hook, "failing", requestId, { given });
  }
  const warning = WARN_HOURS.findLast((limit) => hours >= limit && limit > warned_hours);
  const nextHours = [...WARN_HOURS, DISABLE_HOURS].find((limit) => limit > hours);
  const next = nextHours === undefined ? now + AGAIN_MS : since + nextHours * HOUR_MS;
  if (warning === undefined) {
    await move(deps, webhook_id, item, next);
    return false;
  }
  if (!spread || failures < MIN_FAILURES_TO_WARN) {
    await move(deps, webhook_id, item, Math.min(next, now + AGAIN_MS));
    return false;
  }
  const event = eventWrite(now, {
    type: "webhook_failing",
    request_id: requestId,
    workspace_id: hook.workspace_id,
    actor: { type: "system", id: "sweep" },
    data: {
      webhook_id,
      failing_since: iso(since),
      failures,
      warning_hours: warning,
      disabled_at_earliest: iso(since + DISABLE_HOURS * HOUR_MS),
    },
  });
  return happened(deps.table.transact([moveWrite(webhook_id, item, next, warning), event]));
}

function moveWrite(webhookId: string, item: Item, nextMs: number | undefined, warnedHours?: number) {
  return {
    key: keys.hookState(webhookId),
    update:
      nextMs === undefined
        ? { remove: ["due_pk", "due_sk"] }
        : { set: { ...due("endpoint", nextMs, webhookId), warned_hours: warnedHours } },
    // It changes with each failure that begins an outage, each success, and each look at it.
    condition: "#due_sk = :seen",
    values: { seen: item["due_sk"] },
  };
}

async function move(
  deps: Pick<Deps, "table">,
  webhookId: string,
  item: Item,
  nextMs: number | undefined,
): Promise<void> {
  await happened(deps.table.transact([moveWrite(webhookId, item, nextMs)]));
}
