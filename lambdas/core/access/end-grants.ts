import { keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import type { HeldGrantId } from "./records.ts";

/** DynamoDB: 100 writes in a transaction; a grant has three. */
const AT_ONCE = 30;
/** An ended grant stays for so long, so that no late copy of its first write brings it back. */
export const ENDED_KEEP_MS = 30 * 86_400_000;

/** Whose grants end, and where that has its copies. */
interface Of {
  holder: string;
  /** They stand in the holder's partition, and not in its record, which has lost them already. */
  further: boolean;
  /** Whether the holder's record counts those. @default true */
  counted?: boolean;
}

/**
 * Ends grants of a holder that has lost all reason for them, as one that left an organization, or a group that is no
 * more. May be repeated, and finishes what was begun.
 *
 * @throws WharfError conflict where others keep ending the same.
 */
export async function endGrants(deps: TableDeps, of: Of, grants: readonly HeldGrantId[]): Promise<void> {
  for (let start = 0; start < grants.length; start += AT_ONCE) {
    const part = grants.slice(start, start + AT_ONCE);
    await inRounds(() => endPart(deps, of, part), "Others end the same grants; send it again.");
  }
}

async function endPart(deps: TableDeps, of: Of, grants: readonly HeldGrantId[]): Promise<void> {
  const copyOf = ({ grant_id, workspace_id }: HeldGrantId) =>
    keys.furtherGrant(of.holder, workspace_id, grant_id);
  const items = await deps.table.batchGet([
    ...grants.map(({ grant_id }) => keys.grant(grant_id)),
    ...(of.further ? grants.map(copyOf) : []),
  ]);
  const isThere = ({ pk, sk }: Item) => items.find((item) => item["pk"] === pk && item["sk"] === sk);
  const live = grants.filter(({ grant_id }) => {
    const stored = isThere({ ...keys.grant(grant_id) });
    return stored !== undefined && stored["ended_at"] === undefined;
  });
  const copies = grants.map(copyOf).filter((key) => of.further && isThere({ ...key }) !== undefined);
  const now = deps.now();
  const ended = { ended_at: iso(now), ttl: ttl(now + ENDED_KEEP_MS) };
  const writes: Write[] = [
    ...live.map(
      ({ grant_id }): Write => ({
        key: keys.grant(grant_id),
        update: { set: ended, remove: ["due_pk", "due_sk"] },
        condition: "attribute_exists(#pk) AND attribute_not_exists(#ended_at)",
      }),
    ),
    ...live.map(({ on, grant_id }): Write => ({ remove: keys.resourceGrant(on, grant_id) })),
    ...copies.map((key): Write => ({ remove: key, condition: "attribute_exists(#pk)" })),
    ...(copies.length === 0 || of.counted === false ? [] : [fewer(of.holder, copies.length)]),
  ];
  if (writes.length > 0) await deps.table.transact(writes);
}

/** The holder has so many fewer in its partition. */
const fewer = (holder: string, count: number): Write => ({
  key: keys.principal(holder),
  update: { add: { more_grants: -count } },
  condition: "attribute_exists(#pk)",
});
