import { ConditionFailed } from "#aws/table.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import { shareIn } from "./find-share.ts";
import type { LinkRecord } from "./records.ts";

/** Kills a link at once. One that is dead already stays as it is. @throws WharfError not_found */
export async function revokeShare(
  deps: TableDeps,
  { ahead = [] }: Pick<Call, "ahead">,
  shareId: string,
): Promise<void> {
  await revokeLink(deps, shareIn(ahead, shareId));
}

/** True where the link was alive. */
export async function revokeLink(
  deps: TableDeps,
  { pk, sk }: Pick<LinkRecord, "pk" | "sk">,
): Promise<boolean> {
  const now = deps.now();
  const revoked_at = iso(now);
  try {
    await deps.table.update({
      key: { pk, sk },
      update: { set: { revoked_at }, remove: ["due_pk", "due_sk"] },
      // Where it has expired, `link_expired` is still to be told.
      condition: "attribute_not_exists(#revoked_at) AND #expires_ms > :now",
      values: { now },
    });
    return true;
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // Its own first sending, whose answer was lost.
    return error.item?.["revoked_at"] === revoked_at;
  }
}
