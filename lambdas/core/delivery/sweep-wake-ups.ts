import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import { deliveryRecord, hookRecord, hookState } from "#core/attempts/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { readable } from "#core/kernel/readable.ts";
import { type WakeUp, wakeUp } from "#core/turns/plan-wake-up.ts";
import { deferDelivery } from "./defer-delivery.ts";

const PAGE = 100;
/** Pages of one endpoint in one run; the next minute's run goes on. */
const MAX_PAGES = 50;
const PARALLEL_WRITES = 10;

/** Wakes deliveries of endpoints that may be well again. Returns how many it woke. */
export async function sweepWakeUps(deps: QueueDeps & DueDeps): Promise<number> {
  let woken = 0;
  await eachDue(deps, "wake_up", async (item, { timeLeft }) => {
    let job: WakeUp | undefined = wakeUp.parse(item);
    for (let page = 0; page < MAX_PAGES && job !== undefined; page++) {
      if (!timeLeft()) break;
      const before: WakeUp = job;
      const { after, count, ended } = await wakePage(deps, before);
      woken += count;
      const saved = await save(deps, before, { after, woken: before.woken + count, ended });
      job = saved && !ended ? { ...before, after, woken: before.woken + count } : undefined;
    }
    return true;
  });
  return woken;
}

/** Wakes what waits on one page, the newest first: while an endpoint is down nothing newer than its backlog has ended. */
async function wakePage(deps: QueueDeps, job: WakeUp) {
  const ended = { count: 0, after: job.after, ended: true };
  const [hook, state] = await Promise.all([
    deps.table.get(hookRecord, keys.hook(job.webhook_id)),
    deps.table.get(hookState, keys.hookState(job.webhook_id)),
  ]);
  if (hook === undefined || hook.disabled_at !== undefined) return ended;
  // Down again: its next probe has a wake-up of its own.
  if (job.all && state?.open_until_ms !== undefined) return ended;
  const { items, next } = await deps.table.query({
    where: "#pk = :pk",
    // Who waits for an attempt of its schedule keeps waiting.
    filter: "#status = :pending AND (#deferred = :yes OR #step = :none)",
    values: { pk: keys.delivery(job.webhook_id, "").pk, pending: "pending", yes: true, none: 0 },
    descending: true,
    limit: PAGE,
    after: job.after === undefined ? undefined : keys.delivery(job.webhook_id, job.after),
  });
  const now = deps.now();
  const interval = 1_000 / hook.rate_per_second;
  const waiting = readable(deps, deliveryRecord, items)
    .map((row, index) => ({ row, at: now + (job.woken + index) * interval }))
    // Who comes sooner by itself keeps its time.
    .filter(({ row, at }) => row.next_ms > at);
  const rows = job.all ? waiting : waiting.slice(0, 1);
  await inParallel(rows, PARALLEL_WRITES, ({ row, at }) => deferDelivery(deps, row, { at, reserved: false }));
  const done = next === undefined || (!job.all && items.length > 0);
  return { count: rows.length, after: next === undefined ? job.after : String(next["sk"]), ended: done };
}

/** False where another sweep has taken it on, or something else has been planned meanwhile. */
async function save(
  { table }: QueueDeps,
  seen: WakeUp,
  { woken, after, ended }: { woken: number; after: string | undefined; ended: boolean },
): Promise<boolean> {
  return happened(
    table.update({
      key: keys.wakeUp(seen.webhook_id),
      update: { set: { woken, after }, remove: ended ? ["due_pk", "due_sk"] : [] },
      condition: `#at_ms = :at AND #all = :all AND ${seen.after === undefined ? "attribute_not_exists(#after)" : "#after = :seen"}`,
      values: { at: seen.at_ms, all: seen.all, seen: seen.after },
    }),
  );
}
