/** Shapes of what the table stores of rights and workspaces, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";
import { grantedDetail, memberAccess, memberRole, role } from "#contract/roles.ts";
import { action } from "#contract/scopes.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Policy } from "#core/policy/contract.ts";
import { isStoredRole } from "./stored-role.ts";

/** The organization of all that is from before there were organizations; the first that a deployment has. */
export const FIRST_ORGANIZATION = "org_00000000000000000000000000";

/** The organization by whose limits somebody counts: a client's own, a person's first. */
export function homeOf({ rights }: Pick<Caller, "rights">): string {
  return rights.home ?? Object.keys(rights.organizations).sort()[0] ?? FIRST_ORGANIZATION;
}

/** A grant as its holder's record, or the holder's partition, has it. One of `role` and `actions`. */
export const heldGrantRecord = z.object({
  on: z.string(),
  workspace_id: z.string(),
  role: role.optional(),
  actions: z.array(action).optional(),
  expires_ms: z.number().optional(),
  /** The workspace's when it was given; 0 where none is said. */
  epoch: z.number().optional(),
});

/** Which grant, and where its copies are. */
export const heldGrantId = z.object({ grant_id: z.string(), on: z.string(), workspace_id: z.string() });
export type HeldGrantId = z.infer<typeof heldGrantId>;

/** What every holder of rights (client, person, group) has in its record. */
export const rightsShape = {
  /** Organization → role, as `storedRole`. None in the record of a client from before there were organizations. */
  organizations: z.record(z.string(), z.string().refine(isStoredRole)).optional(),
  /** By id: the first 50. */
  grants: z.record(z.string(), heldGrantRecord).default({}),
  /** How many more stand in its partition. */
  more_grants: z.number().default(0),
  groups: z.array(z.string()).default([]),
};

/** Who made something that can act later, and with what: it never does more. */
export const madeByRecord = z.object({
  principal_id: z.string(),
  key_id: z.string().optional(),
  /** By what that acted, see `Caller.means`: what is made is good in an organization as far as those are. */
  means: z.array(z.string()).optional(),
  details: z.array(grantedDetail).optional(),
});
export type MadeBy = z.infer<typeof madeByRecord>;

export const groupRightsRecord = z.object({
  group_id: z.string(),
  grants: rightsShape.grants,
  more_grants: rightsShape.more_grants,
  /** It is over: its grants are nobody's. */
  disabled_at: z.string().optional(),
});

/** A policy as it is stored: checked where it is set, and read as it is, whichever release has set it. */
export const policyRecord = z.object({
  rules: z.looseObject({}) as unknown as z.ZodType<Policy>,
  /** How often it was set. */
  version: z.number(),
  changed_at: z.string(),
  changed_by: z.string(),
});
export type PolicyRecord = z.infer<typeof policyRecord>;

export const workspaceRecord = z.object({
  workspace_id: z.string(),
  name: z.string(),
  root_folder: z.string(),
  organization_id: z.string().default(FIRST_ORGANIZATION),
  /** What members of the organization have on it without a grant. */
  member_access: memberAccess.default("none"),
  /** Clients that could use it before there were grants. */
  members: z.set(z.string()).optional(),
  /** Those of them that have grants in its stead by now, or will get them with all else that they have. */
  brought: z.set(z.string()).optional(),
  policy: policyRecord.optional(),
  /** How often it has been handed over by itself; with its organization, see `workspaceNow`. */
  epoch: z.number().default(0),
  /** Its organization's, when it came to that. */
  organization_epoch: z.number().default(0),
  /** Since it was handed over, what was granted and locked before is ended page by page: after which place. */
  tidying: z.object({ path: z.string(), folder_id: z.string() }).partial().optional(),
  /** It was handed over without its links, when (ms) and to which epoch: those from before lead nowhere. */
  links_from: z.object({ ms: z.number(), epoch: z.number() }).optional(),
  /** Id of its last change of name, terms or owner. */
  change: z.string().optional(),
  created_at: z.string(),
  created_by: z.string().optional(),
  /** It is in its organization's trash since, and who put it there. */
  deleted_at: z.string().optional(),
  deleted_by: z.string().optional(),
  /** When (ms) it was purged from there: it comes back no more. */
  purged_ms: z.number().optional(),
});
export type WorkspaceRecord = z.infer<typeof workspaceRecord>;

/** Of a folder or file, what says where it is and whose. */
export const nodeRecord = z.object({
  kind: z.enum(["file", "folder"]),
  node_id: z.string(),
  workspace_id: z.string(),
  name: z.string().optional(),
  /** Of a folder: `null` for a workspace's root. */
  parent_id: z.string().nullable().optional(),
  /** Of a folder: see `TrailFolder`. */
  path: z.string().optional(),
  reach_levels: z.number().optional(),
  reach_bytes: z.number().optional(),
  /** Of a file. */
  folder_id: z.string().optional(),
  /** Folders above it, from below the root down, as they were when this was written: a hint, proved where it counts. */
  above: z.array(z.string()).optional(),
  created_by: z.string().optional(),
  mixed: z.boolean().optional(),
  deleted_at: z.string().optional(),
});
export type NodeRecord = z.infer<typeof nodeRecord>;

/** A grant by itself. One that has ended stays for a while, so that no late copy of its first write brings it back. */
export const grantRecord = heldGrantRecord.extend({
  grant_id: z.string(),
  principal_id: z.string(),
  organization_id: z.string(),
  created_at: z.string(),
  created_by: z.string(),
  made_by: madeByRecord.optional(),
  ended_at: z.string().optional(),
  end_reason: z.string().optional(),
});
export type GrantRecord = z.infer<typeof grantRecord>;

export const organizationRecord = z.object({
  organization_id: z.string(),
  name: z.string(),
  /** How many members are owners: at least one, but in the first organization until it has been given one. */
  owners: z.number(),
  created_at: z.string(),
  /** None of the first. */
  created_by: z.string().optional(),
  /** Id of the last change, by which a copy of an earlier one that comes late is known. */
  change: z.string().optional(),
  policy: policyRecord.optional(),
  /** How often it has been handed over. */
  epoch: z.number().default(0),
  /** When (ms) that was last. */
  handed_ms: z.number().optional(),
  /** What its new owner kept then of what was there, by id: of members since which epoch without a break. */
  kept: z.record(z.string(), z.number()).default({}),
  /** It was handed over without links, when (ms) and to which epoch: those in its workspaces from before lead nowhere. */
  links_from: z.object({ ms: z.number(), epoch: z.number() }).optional(),
  /** Since it was handed over, what was there before is ended page by page: which step is the next, and after what. */
  tidying: z.object({ step: z.number(), after: z.string().optional() }).optional(),
  /** Since then nothing of it is there for anybody, but for its owners to restore it until it is purged, then (ms). */
  closed_at: z.string().optional(),
  closed_by: z.string().optional(),
  purge_ms: z.number().optional(),
  /** When (ms) it was purged: it comes back no more. */
  purged_ms: z.number().optional(),
});
export type OrganizationRecord = z.infer<typeof organizationRecord>;

/** A member as its organization lists it; its own record says the same. One that has left stays for a while. */
export const memberRecord = z.object({
  principal_id: z.string(),
  role: memberRole,
  /** The organization's, when it was given; 0 where none is said. */
  epoch: z.number().optional(),
  joined_at: z.string(),
  /** Id of the last change, as an organization's. */
  change: z.string().optional(),
  left_at: z.string().optional(),
  /** Grants that left its record with it and are still to be ended; none once that is done. */
  ending: z.array(heldGrantId).optional(),
});
export type MemberRecord = z.infer<typeof memberRecord>;
