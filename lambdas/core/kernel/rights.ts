/** What is known of somebody's rights, before any resource is looked at. */
import type { GrantedDetail, MemberRole, Role } from "#contract/roles.ts";
import type { Action } from "#contract/scopes.ts";
import type { Values } from "#core/policy/rule.ts";

/** A grant as its holder's record has it. */
export interface HeldGrant {
  grant_id: string;
  /** A workspace, a folder or a file: what it is on, and all below. */
  on: string;
  workspace_id: string;
  role?: Role | undefined;
  actions: readonly Action[];
  /** From this moment (ms) on it is none, whatever the sweep does later. */
  expires_ms?: number | undefined;
  /** The workspace's when it was given: from the next on it is none. @default 0 */
  epoch?: number | undefined;
  /** The group that holds it, where it is a group's. */
  via?: string | undefined;
}

/** Whether a grant holds at `now` (ms): its end is the first moment at which it doesn't. */
export const holdsAt = (
  { expires_ms = Number.POSITIVE_INFINITY }: Pick<HeldGrant, "expires_ms">,
  now: number,
) => expires_ms > now;

export interface Rights {
  /** Organization → role. */
  organizations: Readonly<Record<string, MemberRole>>;
  /** In which of its epochs each was given, where that isn't the first. */
  epochs?: Readonly<Record<string, number>>;
  /** The one that is meant where none is said: a client's own, a person's only one. */
  home?: string | undefined;
  /** Those that the holder's own record has. */
  grants: readonly HeldGrant[];
  /** More stand in the holder's own partition. */
  more_grants: boolean;
  /** Groups that it is a member of, whose grants are its own. */
  groups: readonly string[];
  /** The token's own restriction; none where all of the holder's is its. */
  details?: readonly GrantedDetail[] | undefined;
}

/** What somebody has who has nothing. */
export const NO_RIGHTS: Rights = { organizations: {}, grants: [], more_grants: false, groups: [] };

/** How far down a folder's content goes at most: names one below another, and the UTF-8 bytes of the longest path of them. */
export interface Reach {
  levels: number;
  bytes: number;
}

/** A folder on the way from a workspace's root down to a resource, as it stands. */
export interface TrailFolder {
  folder_id: string;
  name: string;
  /** The one above it: a workspace's root, of the first. */
  parent_id: string;
  /** None of one from before that was kept: it has stood since at its `path`, which bounds what is below. */
  reach?: Reach | undefined;
  /** From the root, as it was when the folder was made. */
  path?: string | undefined;
}

/** A decision in somebody's favour. `own`: allowed for no other reason than that the caller made it. */
export interface Granted {
  allowed: true;
  own: boolean;
  /** It lists or reads what is there, and not only what it made itself. */
  sees: boolean;
  /** It may create and learns nothing of what exists. */
  blind: boolean;
  /** What its holder has there, within the token's restriction. */
  has: ReadonlySet<Action>;
  /** What it may do with what it makes there itself. */
  onOwn: ReadonlySet<Action>;
}

/** Whose a workspace is, as it was read for a decision. */
export interface Owned {
  workspace_id: string;
  organization_id: string;
  /** How often it has been handed over, by itself and with its organization: what was made before that is judged by it. */
  epoch: number;
  /** What holds there; none where no policy was ever set. */
  policy?: Values | undefined;
  /** When (ms) that was without its links, and to which epoch: those from before lead nowhere. */
  links_from?: { ms: number; epoch: number } | undefined;
}

/** The same with where it was decided: the workspace, and folders from below its root down to the resource's own, or to itself. */
export interface Allowed extends Granted {
  trail: readonly TrailFolder[];
  workspace: Owned;
}
