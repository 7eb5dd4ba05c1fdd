import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isIdOf } from "#core/kernel/ids.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import type { Invitation } from "./contract.ts";
import { invitationView } from "./invitation-view.ts";
import { invitationRecord } from "./records.ts";

const entry = z.object({ invitation_id: z.string() });
const isInvitationId = isIdOf("inv");

/** An organization's invitations, the oldest first; strongly consistent. @throws WharfError invalid_cursor */
export async function listInvitations(
  { table, now }: TableDeps,
  organization: string,
  { limit, cursor, state }: PageQuery & { state?: Invitation["state"] | undefined },
) {
  const list = `invitations ${organization} ${state ?? ""}`;
  const after = readCursor(list, cursor, isInvitationId);
  const { items, next } = await table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.organization(organization).pk, prefix: under.invitations },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.invitationEntry(organization, after),
  });
  const page = pageOf(
    { rows: items.map((item) => entry.parse(item).invitation_id), next },
    limit,
    (last) => cursorAfter(list, last),
    (id) => id,
  );
  const records = await table.batchGet(page.items.map((id) => keys.invitation(id)));
  const invitations = new Map(
    records
      .map((item) => invitationView(now(), invitationRecord.parse(item)))
      .map((one) => [one.invitation_id, one]),
  );
  return {
    ...page,
    items: page.items.flatMap((id) => {
      const one = invitations.get(id);
      return one === undefined || (state !== undefined && one.state !== state) ? [] : [one];
    }),
  };
}
