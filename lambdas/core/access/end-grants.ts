import { keys, under } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";
import { grantEvent } from "./grant-event.ts";
import { ungrantWrites } from "./grant-writes.ts";
import { grantRecord, type HeldGrantId, heldGrantId, workspaceRecord } from "./records.ts";

/** DynamoDB: 100 writes in a transaction; a grant has six at most. */
const AT_ONCE = 15;

/** Whose grants end, and where that has its copies. */
interface Of {
  holder: string;
  /** They stand in the holder's partition, and not in its record, which has lost them already. */
  further: boolean;
  /** Whether the holder's record counts those. @default true */
  counted?: boolean;
  request_id: string;
  actor: NewEvent["actor"];
}

/**
 * Ends grants of a holder that has lost all reason for them, as one that left an organization, or a group that is no
 * more; each with `grant_ended`. May be repeated, and finishes what was begun.
 *
 * @throws WharfError conflict where others keep ending the same.
 */
export async function endGrants(deps: TableDeps, of: Of, grants: readonly HeldGrantId[]): Promise<void> {
  for (let start = 0; start < grants.length; start += AT_ONCE) {
    const part = grants.slice(start, start + AT_ONCE);
    await inRounds(() => endPart(deps, of, part), "Others end the same grants; send it again.");
  }
}

/**
 * Ends the grants that stand in a holder's partition.
 *
 * @param organization only those on its workspaces. @default all
 */
export async function endFurtherGrants(
  deps: TableDeps,
  of: Omit<Of, "further">,
  organization?: string,
): Promise<void> {
  let after: Item | undefined;
  do {
    const { items, next } = await deps.table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk: keys.principal(of.holder).pk, prefix: under.furtherGrants },
      after,
    });
    const all = items.map((item) => heldGrantId.parse(item));
    const ids = all.map(({ workspace_id }) => workspace_id);
    const ours = organization === undefined ? new Set(ids) : await workspacesOf(deps, organization, ids);
    const ending = all.filter(({ workspace_id }) => ours.has(workspace_id));
    await endGrants(deps, { ...of, further: true }, ending);
    after = next;
  } while (after !== undefined);
}

/** Which of these workspaces are the organization's. */
export async function workspacesOf(
  { table }: TableDeps,
  organization: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const items = await table.batchGet([...new Set(ids)].map((id) => keys.workspace(id)));
  const all = items.map((item) => workspaceRecord.parse(item));
  const ours = all.filter((one) => one.organization_id === organization);
  return new Set(ours.map(({ workspace_id }) => workspace_id));
}

async function endPart(deps: TableDeps, of: Of, grants: readonly HeldGrantId[]): Promise<void> {
  const copyOf = ({ grant_id, workspace_id }: HeldGrantId) =>
    keys.furtherGrant(of.holder, workspace_id, grant_id);
  const [items, held] = await Promise.all([
    deps.table.batchGet(grants.map(({ grant_id }) => keys.grant(grant_id))),
    of.further ? deps.table.batchGet(grants.map(copyOf)) : [],
  ]);
  const live = items.map((item) => grantRecord.parse(item)).filter(({ ended_at }) => ended_at === undefined);
  const now = deps.now();
  const writes: Write[] = [
    ...live.flatMap((grant) => ungrantWrites(now, grant, { copyIn: "nowhere", reason: "left" })),
    ...live.map((grant) =>
      eventWrite(now, grantEvent({ ...of, type: "grant_ended", grant, reason: "left" })),
    ),
    ...held.map(
      ({ pk, sk }): Write => ({
        remove: { pk: String(pk), sk: String(sk) },
        condition: "attribute_exists(#pk)",
      }),
    ),
    ...(held.length === 0 || of.counted === false ? [] : [fewer(of.holder, held.length)]),
  ];
  if (writes.length > 0) await deps.table.transact(writes);
}

/** The holder has so many fewer in its partition. */
const fewer = (holder: string, count: number): Write => ({
  key: keys.principal(holder),
  update: { add: { more_grants: -count } },
  condition: "#more_grants >= :count",
  values: { count },
});
