import type * as z from "zod";
import { due, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { findWebhook } from "#core/endpoints/find-webhook.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { MAX_RECOVER_DAYS, type Recovery, type recoverRoute } from "./contract.ts";
import { type RecoveryRecord, recovering, recoveryRecord } from "./records.ts";
import { requireEnabled } from "./redeliver.ts";

const DAY_MS = 86_400_000;
const KEEP_MS = 30 * DAY_MS;
/** Functions' clocks differ by so much at most. */
const CLOCKS_MS = 10_000;

/**
 * Starts a job that sends the deliveries of a span of time again; the sweep does the work.
 *
 * @throws WharfError not_found, webhook_disabled, recovery_running, invalid_request for a span that is empty or longer than 14 days
 */
export async function startRecovery(
  deps: TableDeps,
  call: Call,
  webhookId: string,
  { since, until, statuses }: z.output<typeof recoverRoute.body>,
): Promise<Recovery> {
  requireEnabled(await findWebhook(deps, call.caller, webhookId));
  const now = deps.now();
  const since_ms = Date.parse(since);
  // What has happened is part of it, also where the clock of who wrote it is ahead.
  const latest = now + CLOCKS_MS;
  const until_ms = Math.min(until === undefined ? latest : Date.parse(until), latest);
  const earliest = now - MAX_RECOVER_DAYS * DAY_MS;
  if (since_ms >= until_ms) throw badSince(since, `must lie before ${until ?? `now, ${iso(now)}`}`);
  if (since_ms < earliest)
    throw badSince(since, `must lie at most ${MAX_RECOVER_DAYS} days back: ${iso(earliest)} or later`);
  const job: RecoveryRecord = {
    job_id: newId("job", now),
    webhook_id: webhookId,
    statuses,
    since_ms,
    until_ms,
    state: "running",
    scanned: 0,
    recovered: 0,
    created_at: iso(now),
    request_id: call.requestId,
  };
  const view = recoveryView(job);
  await deps.table.transact([
    {
      put: {
        ...keys.recovering(webhookId),
        job_id: job.job_id,
        until_ms: now + DAY_MS,
        ttl: ttl(now + DAY_MS),
      },
      // A job whose record was lost holds the place for a day at most.
      condition: "attribute_not_exists(#pk) OR #until_ms <= :now",
      values: { now },
      else: stillRunning,
    },
    {
      put: {
        ...keys.recovery(webhookId, job.job_id),
        ...due("recovery", now, job.job_id),
        ...job,
        ttl: ttl(now + KEEP_MS),
      },
      condition: "attribute_not_exists(#pk)",
    },
    ...call.record(view),
  ]);
  return view;
}

function stillRunning(item: Item | undefined): WharfError {
  const { job_id } = recovering.parse(item);
  return new WharfError(
    "recovery_running",
    `${job_id} is still sending this endpoint's deliveries again. Wait until it is done, then start another.`,
    { job_id },
  );
}

function badSince(since: string, detail: string): WharfError {
  const errors = [{ pointer: "/since", detail }];
  return new WharfError("invalid_request", `since ${detail}; it is ${since}.`, { errors });
}

/** A job with its counts. @throws WharfError not_found */
export async function getRecovery(
  deps: Pick<Deps, "table">,
  { caller }: Call,
  webhookId: string,
  jobId: string,
): Promise<Recovery> {
  await findWebhook(deps, caller, webhookId);
  const job = await deps.table.get(recoveryRecord, keys.recovery(webhookId, jobId));
  if (job === undefined) throw notFound("recovery", jobId);
  return recoveryView(job);
}

function recoveryView(job: RecoveryRecord): Recovery {
  const { job_id, webhook_id, state, statuses, scanned, recovered, created_at } = job;
  return {
    job_id,
    webhook_id,
    state,
    statuses,
    since: iso(job.since_ms),
    until: iso(job.until_ms),
    scanned,
    recovered,
    created_at,
    finished_at: job.finished_at ?? null,
  };
}
