import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import { type EndReason, grantEvent } from "#core/access/grant-event.ts";
import { type CopyIn, ungrantWrites } from "#core/access/grant-writes.ts";
import { type GrantRecord, heldGrantRecord } from "#core/access/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";

interface Ending {
  reason: EndReason;
  request_id: string;
  actor: NewEvent["actor"];
  folder_id?: string | undefined;
  /** What else the transaction asks. */
  also?: readonly Write[];
}

const holder = z.object({
  grants: z.record(z.string(), heldGrantRecord).default({}),
  workspaces: z.record(z.string(), z.string()).default({}),
});

/**
 * Ends a grant in one transaction with `grant_ended`: with its holder's copy, so that it has no effect from then on.
 *
 * @throws TransactionFailed where it has ended, or its holder's rights have changed meanwhile: to be looked at anew.
 */
export async function endGrant(deps: TableDeps, grant: GrantRecord, ending: Ending): Promise<void> {
  const { reason, request_id, actor, folder_id, also = [] } = ending;
  const now = deps.now();
  const expired = reason === "expired";
  const copyIn = await copyOf(deps, grant);
  const event = grantEvent({ type: "grant_ended", grant, request_id, actor, folder_id, reason });
  await deps.table.transact([
    ...ungrantWrites(now, grant, { copyIn, reason, when: expired ? "#expires_ms <= :now" : undefined }),
    ...also,
    eventWrite(now, event, expired ? grant.expires_ms : now),
  ]);
}

/** Where the holder has its copy. */
async function copyOf({ table }: TableDeps, grant: GrantRecord): Promise<CopyIn> {
  const { grant_id, principal_id, workspace_id } = grant;
  const [own, further] = [
    keys.principal(principal_id),
    keys.furtherGrant(principal_id, workspace_id, grant_id),
  ];
  const items = await table.batchGet([own, further]);
  const at = ({ pk, sk }: Item) => items.find((item) => item["pk"] === pk && item["sk"] === sk);
  if (at({ ...further }) !== undefined) return "partition";
  const record = holder.parse(at({ ...own }) ?? {});
  if (!Object.hasOwn(record.grants, grant_id)) return "nowhere";
  const onIt = Object.values(record.grants).filter(({ on }) => on === workspace_id);
  const last = grant.on === workspace_id && onIt.length === 1;
  const size = Object.keys(record.grants).length;
  return {
    record: { size, lastOnWorkspace: last && Object.hasOwn(record.workspaces, workspace_id) },
  };
}
