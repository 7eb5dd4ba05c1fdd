/** What a policy says of how long things stay, where they are deleted, replaced or purged. */

import type { Owned } from "#core/kernel/rights.ts";
import { judge } from "#core/policy/judge.ts";
import { enforce } from "./enforce.ts";

type Ruled = Pick<Owned, "policy">;

/** That nothing holds what is there: what is deleted or purged, and what leaves it. @throws WharfError policy_denied */
export function requireNotHeld({ policy }: Ruled): void {
  if (policy !== undefined) enforce(policy, { action: "delete" });
}

/** The same as an answer, for what goes on in the background. */
export const isHeld = (where: Ruled | undefined): boolean =>
  where?.policy !== undefined && judge(where.policy, { action: "delete" }).outcome === "deny";

/** Days that what is deleted there stays in the trash. @param staged as the stage is set */
export const trashDays = ({ policy }: Ruled, staged: number): number =>
  policy?.["retention.trash_days"] ?? staged;

/** Old versions of each file that are kept there: as many as both say. */
export const versionsKept = (where: Ruled | undefined, staged: number): number =>
  Math.max(where?.policy?.["retention.versions_keep"] ?? 0, staged);
