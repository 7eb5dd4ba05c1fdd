import { keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import type { Caller } from "./call.ts";
import { type Deps, iso } from "./deps.ts";
import { findShare } from "./find-share.ts";
import { linkToken } from "./link-token.ts";

/** Kills a link at once. One that is dead already stays as it is. @throws WharfError not_found */
export async function revokeShare(
  deps: Pick<Deps, "table" | "now">,
  caller: Caller,
  shareId: string,
): Promise<void> {
  await findShare(deps, caller, shareId);
  const now = deps.now();
  try {
    await deps.table.update({
      key: keys.link(await linkToken(deps, shareId)),
      update: "SET #revoked_at = :revoked_at REMOVE #due_pk, #due_sk",
      // Where it has expired, `link_expired` is still to be told.
      condition: "attribute_not_exists(#revoked_at) AND #expires_ms > :now",
      values: { revoked_at: iso(now), now },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
