import { happened, type Write } from "#aws/table.ts";
import { changeClient } from "#core/accounts/client-secrets.ts";
import { crossed } from "#core/accounts/expiry-warnings.ts";
import { homeOf, liveSecrets, secretId } from "#core/accounts/find-client.ts";
import { type ClientRecord, clientRecord, type SecretRecord } from "#core/accounts/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { clientEndWrites } from "./client-ends.ts";
import { newRevocation } from "./records.ts";

const SWEEP = { type: "system", id: "sweep" } as const;

/**
 * Tells of secrets that are about to end, forgets those that have, and ends clients whose time is over. Returns of how
 * many clients.
 */
export function sweepClients(deps: DueDeps): Promise<number> {
  return eachDue(deps, "client", async (item) => {
    const client = clientRecord.parse(item);
    const { client_id, expires_ms = Number.POSITIVE_INFINITY } = client;
    if (expires_ms <= deps.now()) return endExpired(deps, client);
    let done = false;
    await changeClient(deps, client_id, (current) => {
      // Another has come first, or it has been revoked.
      done = current.revoked_at === undefined && current.secrets_change === client.secrets_change;
      return done ? lookedAt(deps.now(), current) : undefined;
    });
    return done;
  });
}

/** The client as it is after a look: its secrets that live, each with what has been told of it. */
function lookedAt(now: number, client: ClientRecord): { secrets: SecretRecord[]; beside: Write[] } {
  const beside: Write[] = [];
  const organization_id = homeOf(client);
  const { client_id } = client;
  const secrets = liveSecrets(now, client).map((secret) => {
    const { expires_ms, warned_days } = secret;
    const days = expires_ms === undefined ? undefined : crossed(now, expires_ms);
    if (expires_ms === undefined || days === undefined || days === warned_days) return secret;
    if (organization_id !== undefined)
      beside.push(
        eventWrite(now, {
          ...{ type: "secret_expiring", request_id: `expiring-${client_id}`, organization_id },
          actor: SWEEP,
          data: { client_id, secret_id: secretId(secret), expires_at: iso(expires_ms), days },
        }),
      );
    return { ...secret, warned_days: days };
  });
  return { secrets, beside };
}

/** What it held and made ends by the job, which is due at once. */
async function endExpired(deps: DueDeps, client: ClientRecord): Promise<boolean> {
  const { client_id } = client;
  const by = { actor: SWEEP, request_id: `expired-${client_id}`, lastOwner: "ends" } as const;
  // It may have been given more time since.
  const given = "#expires_ms <= :now";
  const now = deps.now();
  const { write } = newRevocation(now, client_id);
  return happened(
    deps.table.transact([...(await clientEndWrites(deps, now, client, { ...by, given })), write]),
  );
}
