import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { beginLine, endLine } from "#aws/log.ts";
import { emitMetric } from "#aws/metrics.ts";
import { sweepMigration } from "#core/access/sweep-migration.ts";
import { sweepDeliveries } from "#core/delivery/sweep-deliveries.ts";
import { sweepRecoveries } from "#core/delivery/sweep-recoveries.ts";
import { sweepWakeUps } from "#core/delivery/sweep-wake-ups.ts";
import { sweepEndpoints } from "#core/endpoints/sweep-endpoints.ts";
import { sweepEvents } from "#core/events/sweep-events.ts";
import { sweepMoves } from "#core/folders/sweep-moves.ts";
import { sweepGrants } from "#core/grants/sweep-grants.ts";
import { sweepInvitations } from "#core/invitations/sweep-invitations.ts";
import { runParts } from "#core/kernel/sweep.ts";
import { sweepLinks } from "#core/links/sweep-links.ts";
import { sweepLocks } from "#core/locks/sweep-locks.ts";
import { sweepClients } from "#core/revocation/sweep-clients.ts";
import { sweepKeys } from "#core/revocation/sweep-keys.ts";
import { sweepOrganizations } from "#core/revocation/sweep-organizations.ts";
import { sweepRevocations } from "#core/revocation/sweep-revocations.ts";
import { sweepHandovers } from "#core/transfers/sweep-handovers.ts";
import { sweepTrash } from "#core/trash/sweep-trash.ts";
import { countSessions } from "#core/uploads/count-sessions.ts";
import { queueDeps } from "../deps/queue-deps.ts";
import { relayDeps } from "../deps/relay-deps.ts";

/** A part begins no further page when this share of the function's 110 s is left. */
const RESERVE = 1 / 4;

const shared = { ...relayDeps(), ...queueDeps() };

/**
 * Every minute: what has expired ends, and what got lost is sent again. Ticks that piled up are one.
 *
 * What touches S3 (abandoned uploads, old versions) is `ingest`'s, which knows how to finish an upload.
 */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">,
): Promise<SQSBatchResponse> {
  beginLine(Date.now(), {
    function: "sweep",
    lambda_request_id: context.awsRequestId,
    request_id: `sweep-${context.awsRequestId}`,
  });
  const reserveMs = RESERVE * context.getRemainingTimeInMillis();
  const deps = { ...shared, timeLeft: () => context.getRemainingTimeInMillis() > reserveMs };
  const { counts, failed } = await runParts(deps, {
    events: () => sweepEvents(deps),
    deliveries: async () => {
      const { woken, oldestMs } = await sweepDeliveries(deps);
      emitMetric(deps.table.name, "OldestDueDelivery", Math.round(oldestMs / 1000), deps.now());
      return woken;
    },
    recoveries: () => sweepRecoveries(deps),
    wakeUps: () => sweepWakeUps(deps),
    endpoints: () => sweepEndpoints(deps),
    links: () => sweepLinks(deps),
    grants: () => sweepGrants(deps),
    invitations: () => sweepInvitations(deps),
    keys: () => sweepKeys(deps),
    clients: () => sweepClients(deps),
    locks: () => sweepLocks(deps),
    trash: () => sweepTrash(deps),
    moves: () => sweepMoves(deps),
    handovers: () => sweepHandovers(deps),
    organizations: () => sweepOrganizations(deps),
    sessions: () => countSessions(deps),
    revocations: () => sweepRevocations(deps),
    migration: () => sweepMigration(deps),
  });
  endLine(Date.now(), { ticks: Records.length, ...counts, ...(failed.length > 0 ? { error: failed } : {}) });
  // A tick that failed in part is not tried again: the next one is a minute away.
  return { batchItemFailures: [] };
}
