import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { KEEP_MS } from "#core/accounts/maker.ts";
import type { KeyRecord } from "#core/accounts/records.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import type { EndedBy } from "./client-ends.ts";

type Ending = Pick<KeyRecord, "key_id" | "principal_id" | "name">;

/** Of a key: neither revoked, nor seen to have expired. */
const LIVES =
  "attribute_exists(#pk) AND attribute_not_exists(#revoked_at) AND attribute_not_exists(#ended_at)";

/** The writes that end a key which lives; it stays for a while, so that no late copy of its making brings it back. */
export function keyEndWrites(
  now: number,
  { key_id, principal_id, name }: Ending,
  { actor, request_id, organization_id }: EndedBy & { organization_id: string | undefined },
): Write[] {
  const told =
    organization_id === undefined
      ? []
      : [
          eventWrite(now, {
            ...{ type: "key_revoked", request_id, organization_id, actor },
            data: { key_id, principal_id, name },
          }),
        ];
  return [
    {
      key: keys.apiKey(principal_id, key_id),
      update: { set: { revoked_at: iso(now), ttl: ttl(now + KEEP_MS) }, remove: ["due_pk", "due_sk"] },
      condition: LIVES,
    },
    oneFewer(principal_id),
    ...told,
  ];
}

/** One live key fewer of its holder; in a transaction with the key's own end, which is what happens but once. */
export const oneFewer = (holder: string): Write => ({
  key: keys.principal(holder),
  update: { add: { live_keys: -1 } },
  condition: "attribute_exists(#pk)",
});
