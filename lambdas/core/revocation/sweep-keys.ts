import { due, keyOf } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { crossed, nextLook } from "#core/accounts/expiry-warnings.ts";
import { organizationOf } from "#core/accounts/find-client.ts";
import { KEEP_MS } from "#core/accounts/maker.ts";
import { type KeyRecord, keyRecord } from "#core/accounts/records.ts";
import type { DueDeps, TableDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { oneFewer } from "./key-ends.ts";
import { newRevocation } from "./records.ts";

/** As it was when it was found due: one that was warned of, revoked or ended since isn't. */
const STILL = "#due_sk = :seen AND attribute_not_exists(#revoked_at)";

/**
 * Tells of keys that are about to end, and counts those no more that have: what was made with them ends by the job, which
 * is due at once. Returns how many of both.
 */
export function sweepKeys(deps: DueDeps): Promise<number> {
  return eachDue(deps, "key", async (item) => {
    const key = keyRecord.parse(item);
    const still = { condition: STILL, values: { seen: item["due_sk"] } };
    const place = { key: keyOf(item), ...still };
    const now = deps.now();
    if (key.expires_ms > now) return warn(deps, key, place);
    const ended = deps.table.transact([
      {
        ...place,
        update: {
          set: { ended_at: iso(key.expires_ms), ttl: ttl(now + KEEP_MS) },
          remove: ["due_pk", "due_sk"],
        },
      },
      oneFewer(key.principal_id),
      newRevocation(now, key.key_id).write,
    ]);
    return happened(ended);
  });
}

interface Place {
  key: ReturnType<typeof keyOf>;
  condition: string;
  values: { seen: unknown };
}

async function warn(deps: TableDeps, key: KeyRecord, place: Place): Promise<boolean> {
  const now = deps.now();
  const { key_id, principal_id, name, expires_ms, warned_days } = key;
  const days = crossed(now, expires_ms);
  const organization_id = await organizationOf(deps, principal_id);
  const isNews = days !== undefined && days !== warned_days && organization_id !== undefined;
  const told = deps.table.transact([
    {
      ...place,
      update: { set: { warned_days: days, ...due("key", nextLook(now, expires_ms), key_id) } },
    },
    ...(isNews
      ? [
          eventWrite(now, {
            ...{ type: "key_expiring", request_id: `expiring-${key_id}`, organization_id },
            actor: { type: "system", id: "sweep" },
            data: { key_id, principal_id, name, expires_at: iso(expires_ms), days },
          }),
        ]
      : []),
  ]);
  return happened(told);
}
