/** On which day a key or a secret was last used: one write a day at most, beside the call, which it never fails. */
import { type Key, keys } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { happened } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { UseDeps } from "./deps.ts";
import type { ClientRecord, SecretRecord } from "./records.ts";

/** Notes that an API key is used. @param day `2026-01-31` */
export async function noteKeyUse({ table, notesUse = true }: UseDeps, key: Key, day: string): Promise<void> {
  if (!notesUse) return;
  await unfailing(() =>
    table.update({
      key,
      update: { set: { last_used: day } },
      condition: "attribute_exists(#pk) AND (attribute_not_exists(#last_used) OR #last_used < :last_used)",
    }),
  );
}

/** Notes that a secret of a client's is used, unless its secrets are being changed. @param day `2026-01-31` */
export async function noteSecretUse(
  { table }: TableDeps,
  { client_id, secrets, secrets_change: seen }: ClientRecord,
  used: SecretRecord,
  day: string,
): Promise<void> {
  if (used.last_used === day) return;
  await unfailing(() =>
    table.update({
      key: keys.client(client_id),
      update: { set: { secrets: secrets.map((one) => (one === used ? { ...one, last_used: day } : one)) } },
      condition:
        seen === undefined
          ? "attribute_exists(#pk) AND attribute_not_exists(#secrets_change)"
          : "#secrets_change = :seen",
      values: { seen },
    }),
  );
}

async function unfailing(write: () => Promise<unknown>): Promise<void> {
  try {
    await happened(write());
  } catch (error) {
    say("warn", "the day of a last use could not be written", { error: describe(error) });
  }
}
