import { keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { isMemberNow, NEVER_HANDED_OVER } from "#core/access/organization-now.ts";
import { notHandedOver, ownerLost } from "#core/access/organization-writes.ts";
import { memberRecord, organizationRecord } from "#core/access/records.ts";
import { type ClientRecord, currentClient } from "#core/accounts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { LEFT_KEEP_MS, newChange, unchanged } from "#core/kernel/unchanged.ts";

/** Who ends something, for its events. */
export interface EndedBy {
  actor: Actor;
  request_id: string;
}

/**
 * The writes that end a client which lives: its record says so, it leaves its organizations' lists, and is counted among
 * their owners no more.
 *
 * @param lastOwner whether the only owner of an organization may end: by the administrator alone, who makes another.
 * @param given what must hold of it beside; `:now` is the time.
 * @throws WharfError conflict, by its write, for the only owner.
 */
export async function clientEndWrites(
  deps: TableDeps,
  now: number,
  client: ClientRecord,
  { actor, request_id, lastOwner, given }: EndedBy & { lastOwner: "stays" | "ends"; given?: string },
): Promise<Write[]> {
  const { client_id } = client;
  const organizations = Object.entries(currentClient(client).rights.organizations);
  const items = await deps.table.batchGet(
    organizations.flatMap(([id]) => [keys.member(id, client_id), keys.organization(id)]),
  );
  const stored = (key: Item) => items.find(({ pk, sk }) => pk === key["pk"] && sk === key["sk"]);
  const leaving = organizations.flatMap(([organization_id, role]): Write[] => {
    const member = memberRecord.safeParse(stored({ ...keys.member(organization_id, client_id) })).data;
    const organization = organizationRecord.safeParse(stored({ ...keys.organization(organization_id) })).data;
    if (member === undefined || member.left_at !== undefined) return [];
    const { owners = 0, epoch = 0 } = organization ?? {};
    // Whoever owned it before it was handed over is counted no more.
    const isOwner = role === "owner" && isMemberNow(member, organization ?? NEVER_HANDED_OVER);
    const { condition, values } = unchanged(member);
    return [
      ...(isOwner && owners > 0
        ? [lastOwner === "stays" ? ownerLost(organization_id, epoch) : ownerGone(organization_id, epoch)]
        : []),
      {
        key: keys.member(organization_id, client_id),
        update: { set: { left_at: iso(now), ttl: ttl(now + LEFT_KEEP_MS), change: newChange() } },
        condition: `${condition} AND attribute_not_exists(#left_at)`,
        values,
      },
      eventWrite(now, {
        ...{ type: "member_left", request_id, organization_id, actor },
        data: { principal_id: client_id, role },
      }),
    ];
  });
  return [
    {
      key: keys.client(client_id),
      update: { set: { revoked_at: iso(now) }, remove: ["due_pk", "due_sk"] },
      condition: `attribute_exists(#pk) AND attribute_not_exists(#revoked_at)${given === undefined ? "" : ` AND ${given}`}`,
      values: given === undefined ? {} : { now },
    },
    ...leaving,
  ];
}

function ownerGone(organization: string, epoch: number): Write {
  const { condition, values } = notHandedOver(epoch);
  return {
    key: keys.organization(organization),
    update: { add: { owners: -1 } },
    condition: `#owners > :none AND ${condition}`,
    values: { ...values, none: 0 },
  };
}
