/**
 * What an organization, and what it owns, is to somebody since it was last handed over: pure functions of the two records.
 *
 * A claim of an organization is one write: its epoch is the next. What was given before carries the epoch of then, and is
 * none, but for those members whom the new owner kept by id.
 */
import { decodeTime } from "ulid";
import type { Item } from "#aws/table.ts";
import type { MemberRole } from "#contract/roles.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Owned } from "#core/kernel/rights.ts";
import { effective } from "#core/policy/effective.ts";
import type { Values } from "#core/policy/rule.ts";
import { isOfNow } from "./decide.ts";
import {
  type GrantRecord,
  type MemberRecord,
  type OrganizationRecord,
  organizationRecord,
  type WorkspaceRecord,
} from "./records.ts";

export type OrganizationNow = Pick<
  OrganizationRecord,
  "closed_at" | "epoch" | "kept" | "handed_ms" | "links_from" | "policy"
>;

/** Whose rights are asked about, and by what it acts. */
export type Acting = Pick<Caller, "id" | "rights" | "means">;

/** As one is that nobody has claimed: the first of an old deployment has no record. */
export const NEVER_HANDED_OVER: OrganizationNow = { epoch: 0, kept: {} };

/** An organization as it was read. */
export const organizationAs = (stored: Item | undefined): OrganizationNow =>
  organizationRecord.safeParse(stored).data ?? NEVER_HANDED_OVER;

/** Since which epoch what somebody was given in an organization holds: the present one's, but for whom its owner kept. */
export const heldSince = (id: string, { kept, epoch }: Pick<OrganizationNow, "kept" | "epoch">): number =>
  Object.hasOwn(kept, id) ? (kept[id] ?? epoch) : epoch;

/**
 * Whether somebody acts by what is good in an organization: of a member that was kept, a key or an endpoint from before
 * is, where it was kept too; one that was made by it since is no better.
 */
export function actsByKept({ id, means = [] }: Pick<Acting, "id" | "means">, now: OrganizationNow): boolean {
  const { kept, handed_ms = 0 } = now;
  if (!Object.hasOwn(kept, id)) return true;
  // The newest first, then that by which it was made: one of before decides, by whether it was kept.
  const first = [...means]
    .sort((a, b) => mintedAt(b) - mintedAt(a))
    .find((one) => Object.hasOwn(kept, one) || mintedAt(one) < handed_ms);
  return first === undefined || Object.hasOwn(kept, first);
}

/**
 * Whether something was its new owner's choice to keep when an organization was handed over: it outlives whoever made it.
 *
 * @param holder whose it is, where that was kept with all that it had then.
 */
export function wasKept(made: string, holder: string | undefined, now: OrganizationNow): boolean {
  const { kept, handed_ms = 0 } = now;
  if (Object.hasOwn(kept, made)) return true;
  return holder !== undefined && Object.hasOwn(kept, holder) && mintedAt(made) < handed_ms;
}

/** When (ms) an id was made: a ULID says it. */
const mintedAt = (id: string) => decodeTime(id.slice(-26));

/** Somebody's role in an organization; `undefined` where it has none, or had one before that was handed over. */
export function roleNow(acting: Acting, organization: string, now: OrganizationNow): MemberRole | undefined {
  const { organizations, epochs = {} } = acting.rights;
  const role = Object.hasOwn(organizations, organization) ? organizations[organization] : undefined;
  if (role === undefined || !actsByKept(acting, now)) return undefined;
  return (epochs[organization] ?? 0) >= heldSince(acting.id, now) ? role : undefined;
}

/** Whether a member's place in its organization's list says that it is one. */
export const isMemberNow = (
  { principal_id, left_at, epoch = 0 }: Pick<MemberRecord, "principal_id" | "left_at" | "epoch">,
  now: OrganizationNow,
): boolean => left_at === undefined && epoch >= heldSince(principal_id, now);

type Came = Pick<WorkspaceRecord, "epoch" | "organization_epoch" | "links_from">;

/** How often a workspace has been handed over, by itself and with its organization, and since when without its links. */
export function workspaceNow(
  { epoch, organization_epoch: came, links_from }: Came,
  organization: Pick<OrganizationNow, "epoch" | "links_from">,
): Pick<Owned, "epoch" | "links_from"> {
  const whole = organization.links_from;
  const last = whole !== undefined && whole.epoch > came;
  return {
    epoch: epoch + organization.epoch - came,
    links_from: last ? { ms: whole.ms, epoch: epoch + whole.epoch - came } : links_from,
  };
}

/** The same with whose it is. */
export const ownedOf = (workspace: WorkspaceRecord, organization: OrganizationNow): Owned => {
  const { workspace_id, organization_id } = workspace;
  return {
    workspace_id,
    organization_id,
    ...workspaceNow(workspace, organization),
    policy: policyOf(workspace.policy, organization.policy),
  };
};

/** What holds in a workspace; `undefined` where no policy was ever set, there or for its organization. */
export function policyOf(
  own: WorkspaceRecord["policy"],
  above: OrganizationNow["policy"],
): Values | undefined {
  return own === undefined && above === undefined ? undefined : effective(above?.rules, own?.rules).values;
}

/** Whether a grant was given since its workspace was last handed over, or to whom was kept then. */
export function isGrantOfNow(
  { principal_id, epoch }: Pick<GrantRecord, "principal_id" | "epoch">,
  workspace: Came,
  organization: OrganizationNow,
): boolean {
  const bounds = {
    epoch: workspaceNow(workspace, organization).epoch,
    since: grantedSince(principal_id, workspace, organization),
  };
  return isOfNow(bounds, { epoch });
}

/** Since which of a workspace's epochs what somebody was granted in it holds. */
export function grantedSince(id: string, workspace: Came, organization: OrganizationNow): number {
  const { epoch } = workspaceNow(workspace, organization);
  const broken = Math.max(heldSince(id, organization), workspace.organization_epoch);
  return epoch - (organization.epoch - broken);
}
