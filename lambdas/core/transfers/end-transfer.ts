import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { endsWith } from "#core/accounts/maker.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { TransferRecord } from "./records.ts";

/**
 * The end of a transfer: it says so, and leaves its place to another. The first one's condition fails where it has ended.
 *
 * @param claimed by whom and for which organization.
 */
export function endWrites(
  now: number,
  { transfer_id, resource_id, place, made_by }: TransferRecord,
  claimed?: { claimed_by: string; claimed_for: string },
): Write[] {
  const maker = endsWith(made_by);
  return [
    {
      key: keys.transfer(transfer_id),
      update: {
        set: { ended_at: iso(now), end_reason: claimed === undefined ? "revoked" : "claimed", ...claimed },
      },
      condition: `attribute_exists(#pk) AND attribute_not_exists(#ended_at)${claimed === undefined ? "" : " AND #expires_ms > :now"}`,
      values: claimed === undefined ? {} : { now },
    },
    {
      remove: keys.transferPlace(resource_id, place),
      condition: "attribute_not_exists(#pk) OR #transfer_id = :transfer_id",
      values: { transfer_id },
    },
    ...(maker === undefined ? [] : [{ remove: keys.progeny(maker, transfer_id) }]),
  ];
}

/** What each event of a transfer tells of it: of a link, whose claimer learns nothing else, not where its file is. */
export const toldOf = ({ transfer_id, type, resource_id, workspace_id, name }: TransferRecord) => ({
  ...{ transfer_id, resource: { type, id: resource_id }, name },
  ...(type === "share" ? {} : { workspace_id }),
});

/** What is told of a transfer that was withdrawn. */
export function revoked(
  now: number,
  transfer: TransferRecord,
  by: Pick<NewEvent, "actor" | "request_id">,
): Write {
  return eventWrite(now, {
    ...{ type: "transfer_revoked", organization_id: transfer.organization_id, ...by },
    data: toldOf(transfer),
  });
}

/** What both organizations are told of a claim, each once. */
export const claimedWrites = (
  now: number,
  data: ReturnType<typeof toldOf> & { from: string; to: string },
  by: Pick<NewEvent, "actor" | "request_id">,
): Write[] =>
  [...new Set([data.from, data.to])].map((organization_id) =>
    eventWrite(now, { type: "transfer_claimed", organization_id, ...by, data }),
  );
