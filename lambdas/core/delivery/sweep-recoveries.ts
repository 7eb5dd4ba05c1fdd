import { keys } from "#aws/keys.ts";
import { ConditionFailed, happened, type Item, type Update } from "#aws/table.ts";
import { firstDeliveryId } from "#core/attempts/delivery-id.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import { type DeliveryRecord, deliveryRecord, hookRecord } from "#core/attempts/records.ts";
import { wakeMessage } from "#core/attempts/wake.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { MAX_FAILURES } from "#core/kernel/put-aside.ts";
import { readable } from "#core/kernel/readable.ts";
import { iso } from "#core/kernel/time.ts";
import { type RecoveryRecord, recovering, recoveryRecord } from "./records.ts";
import { restartWrite } from "./restart-delivery.ts";

const PAGE = 100;
/** Pages of one job in one run; the next minute's run goes on. */
const MAX_PAGES = 50;
const PARALLEL_WRITES = 10;
/** Events that are about the moment at which they are sent. */
const OF_ONE_MOMENT = new Set(["webhook_test", "ping"]);
/** Deliveries that an endpoint missed while it was disabled can be recovered for this long. */
const SKIPPED_KEEP_MS = 7 * 86_400_000;

/** Takes every running recovery on by some pages. Returns how many jobs moved. */
export function sweepRecoveries(deps: QueueDeps & DueDeps): Promise<number> {
  return eachDue(deps, "recovery", async (item, { timeLeft, failures }) => {
    const { webhook_id, job_id } = recoveryRecord.parse(item);
    // As it is: the index may show one that has ended, and what has failed since is nobody's to send again.
    let job = await deps.table.get(recoveryRecord, keys.recovery(webhook_id, job_id));
    if (job === undefined) return false;
    // Before it is put aside, where nobody would tell its client.
    if (failures === MAX_FAILURES) {
      await save(deps, job, { state: "failed", scanned: 0, recovered: 0 });
      return true;
    }
    let moved = false;
    for (let page = 0; page < MAX_PAGES && job?.state === "running"; page++) {
      if (!timeLeft()) break;
      job = await advance(deps, job);
      moved = true;
    }
    return moved;
  });
}

/** One page; `undefined` where the job has ended, or another sweep has taken it on. */
async function advance(deps: QueueDeps, job: RecoveryRecord): Promise<RecoveryRecord | undefined> {
  const hook = await deps.table.get(hookRecord, keys.hook(job.webhook_id));
  if (hook === undefined || hook.disabled_reason === "revoked")
    return save(deps, job, { state: "cancelled", scanned: 0, recovered: 0 });
  const { items, next } = await deps.table.query({
    where: "#pk = :pk AND #sk BETWEEN :from AND :to",
    values: {
      pk: keys.delivery(job.webhook_id, "").pk,
      from: firstDeliveryId(job.since_ms),
      to: firstDeliveryId(job.until_ms),
    },
    limit: PAGE,
    after: job.after === undefined ? undefined : keys.delivery(job.webhook_id, job.after),
  });
  const rows = readable(deps, deliveryRecord, items);
  const restarted = await inParallel(rows, PARALLEL_WRITES, (row) => restart(deps, job, row));
  const recovered = restarted.filter((row) => row !== undefined);
  await deps.queues.send("retry", recovered.map(wakeMessage), deps.now());
  return save(deps, job, {
    state: next === undefined ? "done" : "running",
    after: next === undefined ? undefined : String(next["sk"]),
    scanned: items.length,
    recovered: recovered.length,
  });
}

/** The delivery as it is sent again, also where a run that crashed has restarted it for this job before. */
async function restart(
  deps: QueueDeps,
  job: RecoveryRecord,
  row: DeliveryRecord,
): Promise<DeliveryRecord | undefined> {
  if (row.job_id === job.job_id) return row;
  // A test or ping that failed is nothing that was missed.
  if (!job.statuses.includes(row.status) || OF_ONE_MOMENT.has(row.event_type)) return undefined;
  const now = deps.now();
  const skippedAt = Date.parse(row.finished_at ?? iso(row.created_ms));
  if (row.status === "skipped_disabled" && skippedAt < now - SKIPPED_KEEP_MS) return undefined;
  const { write, restarted } = restartWrite(row, now, {
    trigger: "recover",
    jobId: job.job_id,
    // Each run of its schedule has another `next_ms`, so what this job has sent it sends no second time.
    given: {
      condition: "#status = :seen AND #next_ms = :seen_ms",
      values: { seen: row.status, seen_ms: row.next_ms },
    },
  });
  try {
    await deps.table.update(write);
    return restarted;
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // Another sweep may have restarted it for this job at the same moment; either may be the one that counts.
    const found = error.item === undefined ? undefined : deliveryRecord.parse(error.item);
    return found?.job_id === job.job_id ? found : undefined;
  }
}

/** Adds a page's counts, unless the job has moved on from where it was read. */
async function save(
  deps: QueueDeps,
  job: RecoveryRecord,
  page: { state: RecoveryRecord["state"]; after?: string | undefined; scanned: number; recovered: number },
): Promise<RecoveryRecord | undefined> {
  const ended = page.state !== "running";
  const changes: Item = {
    state: page.state,
    scanned: job.scanned + page.scanned,
    recovered: job.recovered + page.recovered,
    after: page.after,
    finished_at: ended ? iso(deps.now()) : undefined,
  };
  const write = {
    key: keys.recovery(job.webhook_id, job.job_id),
    update: { set: changes, remove: ended ? ["due_pk", "due_sk"] : [] },
    condition: `#state = :running AND ${job.after === undefined ? "attribute_not_exists(#after)" : "#after = :seen"}`,
    values: { running: "running", seen: job.after },
  };
  if (ended) {
    await happened(deps.table.transact([write, ...((await holdsPlace(deps, job)) ? [makeRoom(job)] : [])]));
    return undefined;
  }
  try {
    return recoveryRecord.parse(await deps.table.update(write));
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // This very page, which the SDK sent again where its answer was lost: there is more to do. Where it is another
    // sweep's, the two go on side by side, and each page is counted once.
    return isPage(error.item, changes) ? recoveryRecord.parse(error.item) : undefined;
  }
}

const isPage = (item: Item | undefined, page: Item) =>
  item !== undefined && ["state", "after", "scanned", "recovered"].every((name) => item[name] === page[name]);

/** After a day another job may have taken the endpoint over. */
async function holdsPlace({ table }: QueueDeps, { webhook_id, job_id }: RecoveryRecord): Promise<boolean> {
  return (await table.get(recovering, keys.recovering(webhook_id)))?.job_id === job_id;
}

/** The endpoint may have another recovery now. */
function makeRoom({ webhook_id, job_id }: RecoveryRecord): Update {
  return {
    key: keys.recovering(webhook_id),
    update: { set: { until_ms: 0 } },
    condition: "#job_id = :job",
    values: { job: job_id },
  };
}
