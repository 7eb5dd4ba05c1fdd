/** Every primary and index key of the table. Nothing else in the code writes `pk`, `sk` or `due_*`. */
import { createHash } from "node:crypto";

/** Primary key of one item. */
export interface Key {
  pk: string;
  sk: string;
}

const META = "META";

/** What has places: waiting for a lock, for events or for a slow name, the hashing of passwords, and tests of endpoints. */
export type PlaceKind = "lock" | "events" | "lookup" | "hash" | "test";

/** Lower-case hex SHA-256, as tokens and link tokens are stored. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Each kind of holder has partitions of its own, so that roles tell them apart. */
function partitionOf(principal: string): "CLIENT" | "PERSON" | "GROUP" {
  if (principal.startsWith("usr_")) return "PERSON";
  return principal.startsWith("grp_") ? "GROUP" : "CLIENT";
}

export const keys = {
  client: (client: string): Key => ({ pk: `CLIENT#${client}`, sk: META }),
  /** For listing; the record itself is under `client`. */
  clientEntry: (client: string): Key => ({ pk: "CLIENTS", sk: client }),
  /** A holder of rights (`cli_…`, `usr_…`, `grp_…`): its record, in whose partition its tokens, keys and grants are too. */
  principal: (principal: string): Key => ({ pk: `${partitionOf(principal)}#${principal}`, sk: META }),
  token: (principal: string, token: string): Key => ({
    pk: keys.principal(principal).pk,
    sk: `TOKEN#${sha256(token)}`,
  }),
  /** By its id, which the key itself names: one read finds both it and its holder. */
  apiKey: (principal: string, key: string): Key => ({ pk: keys.principal(principal).pk, sk: `KEY#${key}` }),
  /** A grant that its holder's record has no room for; by workspace, so that those of one are read together. */
  furtherGrant: (principal: string, workspace: string, grant: string): Key => ({
    pk: keys.principal(principal).pk,
    sk: `GRANT#${workspace}#${grant}`,
  }),
  /** What a client, or one of its keys, has made that can act later: it ends with its maker. */
  progeny: (maker: string, made: string): Key => ({ pk: `MADE#${maker}`, sk: made }),

  /** An organization's record, in whose partition its members, groups, clients and workspaces are listed. */
  organization: (organization: string): Key => ({ pk: `ORG#${organization}`, sk: META }),
  /** For listing all of a deployment; the record itself is under `organization`. */
  organizationEntry: (organization: string): Key => ({ pk: "ORGS", sk: organization }),
  /** A policy as it was set, of an organization or a workspace, whose record has the present one. */
  policyVersion: (of: string, version: number): Key => ({
    pk: `POLICY#${of}`,
    sk: String(version).padStart(10, "0"),
  }),
  member: (organization: string, principal: string): Key => ({
    pk: `ORG#${organization}`,
    sk: `MEMBER#${principal}`,
  }),
  groupEntry: (organization: string, group: string): Key => ({
    pk: `ORG#${organization}`,
    sk: `GROUP#${group}`,
  }),
  organizationClient: (organization: string, client: string): Key => ({
    pk: `ORG#${organization}`,
    sk: `CLIENT#${client}`,
  }),
  organizationWorkspace: (organization: string, workspace: string): Key => ({
    pk: `ORG#${organization}`,
    sk: `WS#${workspace}`,
  }),
  /** An organization's workspaces of one name: several may have it. */
  organizationName: (organization: string, name: string, workspace: string): Key => ({
    pk: `ORG#${organization}`,
    sk: `WSNAME#${name}#${workspace}`,
  }),
  /** For listing; the record itself is under `invitation`. */
  invitationEntry: (organization: string, invitation: string): Key => ({
    pk: `ORG#${organization}`,
    sk: `INVITATION#${invitation}`,
  }),
  /** The one open invitation of an address into an organization. */
  openInvitation: (organization: string, address: string): Key => ({
    pk: `ORG#${organization}`,
    sk: `INVITED#${sha256(address)}`,
  }),
  /** How many invitations of an organization's are open. */
  invitationCount: (organization: string): Key => ({ pk: `ORG#${organization}`, sk: "INVITATIONS" }),
  invitation: (invitation: string): Key => ({ pk: `INVITATION#${invitation}`, sk: META }),
  transfer: (transfer: string): Key => ({ pk: `TRANSFER#${transfer}`, sk: META }),
  /** One of the few places that open transfers of a resource have. */
  transferPlace: (resource: string, place: number): Key => ({
    pk: `TRANSFERS#${resource}`,
    sk: `PLACE#${place}`,
  }),
  /** For listing what somebody has offered; the record itself is under `transfer`. */
  transferEntry: (maker: string, transfer: string): Key => ({ pk: `TRANSFERS#${maker}`, sk: transfer }),
  groupMember: (group: string, principal: string): Key => ({
    pk: `GROUP#${group}`,
    sk: `MEMBER#${principal}`,
  }),
  /** The person whose verified address it is. */
  emailAddress: (address: string): Key => ({ pk: `EMAIL#${sha256(address)}`, sk: META }),
  grant: (grant: string): Key => ({ pk: `GRANT#${grant}`, sk: META }),
  /** For listing what was granted on a workspace, a folder or a file. */
  resourceGrant: (resource: string, grant: string): Key => ({ pk: `GRANTS#${resource}`, sk: grant }),
  /** The one live grant of these terms, so that who asks for the same again gets the same. */
  sameGrant: (resource: string, terms: string): Key => ({
    pk: keys.resourceGrant(resource, "").pk,
    sk: `SAME#${sha256(terms)}`,
  }),

  /** What is still to end of a revoked client's; apart from its record, which the sweep may not change. */
  revocation: (client: string): Key => ({ pk: `REVOKE#${client}`, sk: META }),

  workspace: (workspace: string): Key => ({ pk: "WORKSPACES", sk: workspace }),
  /** How far records from before there were organizations are brought over. */
  migration: (): Key => ({ pk: "MIGRATION", sk: META }),
  /** Names are unique among an owner's workspaces: nobody meets another's, or learns of it. */
  workspaceName: (owner: string, name: string): Key => ({ pk: `WSNAME#${owner}`, sk: name }),

  /** One name in a folder: unique by construction, listed in the order of its UTF-8 bytes. */
  entry: (folder: string, name: string): Key => ({ pk: `DIR#${folder}`, sk: name }),
  /** What a workspace's trash lists, in the order in which it came. */
  trash: (workspace: string, thing: string): Key => ({ pk: `TRASH#${workspace}`, sk: thing }),
  node: (node: string): Key => ({ pk: `NODE#${node}`, sk: META }),
  version: (file: string, version: string): Key => ({ pk: `NODE#${file}`, sk: `VER#${version}` }),
  /** That a version has bytes which versions of other files may have too; see `versions/holds.ts`. */
  hold: (object: string, version: string): Key => ({ pk: `HOLD#${object}`, sk: version }),
  /** A pointer, so that a file's links list in a strongly consistent read. */
  fileShare: (file: string, share: string): Key => ({ pk: `NODE#${file}`, sk: `SHARE#${share}` }),
  /** A path's folder as it was when last walked: a hint that saves the walk, checked where it matters. */
  pathHint: (workspace: string, path: string): Key => ({ pk: `PATH#${workspace}`, sk: sha256(path) }),
  /** The same for a file below the root. */
  fileHint: (workspace: string, path: string): Key => ({
    pk: `PATH#${workspace}`,
    sk: `FILE#${sha256(path)}`,
  }),

  /** Which upload keeps a path's name free for itself. */
  reservation: (workspace: string, path: string): Key => ({ pk: `RES#${workspace}`, sk: sha256(path) }),
  upload: (upload: string): Key => ({ pk: `UPL#${upload}`, sk: META }),
  link: (token: string): Key => ({ pk: `LINK#${sha256(token)}`, sk: META }),
  /** A counted start of a download by one source, which may go on where it broke off. */
  linkStart: (token: string, source: string): Key => ({
    pk: `LINK#${sha256(token)}`,
    sk: `START#${sha256(`${token}#${source}`)}`,
  }),
  /** What one source has tried of a link's passwords. */
  linkTries: (token: string, source: string): Key => ({
    pk: `LINK#${sha256(token)}`,
    sk: `TRIES#${sha256(`${token}#${source}`)}`,
  }),
  idempotency: (client: string, key: string): Key => ({ pk: `IDEM#${client}#${sha256(key)}`, sk: META }),

  /** The outbox; the relay's stream filter matches this prefix. */
  event: (event: string): Key => ({ pk: `EVT#${event}`, sk: META }),
  /** Number of the newest event of a workspace's log; the relay alone counts it up. */
  feedHead: (workspace: string): Key => ({ pk: `FEED#${workspace}`, sk: META }),
  /** Place of an event in its workspace's log. */
  feedEntry: (workspace: string, seq: number): Key => ({
    pk: `FEED#${workspace}`,
    sk: `SEQ#${String(seq).padStart(12, "0")}`,
  }),

  /** One partition for all endpoints, since every event is matched against each. */
  hook: (hook: string): Key => ({ pk: "HOOKS", sk: hook }),
  /** How many endpoints a client has. */
  hookCount: (maker: string): Key => ({ pk: keys.principal(maker).pk, sk: "HOOKS" }),
  /** And how many an organization has. */
  organizationHookCount: (organization: string): Key => ({ pk: `ORG#${organization}`, sk: "HOOKS" }),
  /** What changes with every attempt: slots in flight, rate, breaker, failures. */
  hookState: (hook: string): Key => ({ pk: `HOOK#${hook}`, sk: "STATE" }),
  hookSecret: (hook: string): Key => ({ pk: `HOOK#${hook}`, sk: "SECRET" }),
  recovery: (hook: string, job: string): Key => ({ pk: `HOOK#${hook}`, sk: `JOB#${job}` }),
  /** Which recovery of an endpoint runs: one at a time. */
  recovering: (hook: string): Key => ({ pk: `HOOK#${hook}`, sk: "RECOVERING" }),
  wakeUp: (hook: string): Key => ({ pk: `HOOK#${hook}`, sk: "WAKE_UP" }),
  /** What has been given out of a host's rate. */
  host: (host: string): Key => ({ pk: `HOST#${host}`, sk: META }),
  /** And of a client's part of it. */
  hostClient: (host: string, client: string): Key => ({ pk: `HOST#${host}`, sk: `CLIENT#${client}` }),
  /** An endpoint's deliveries, in the order of their events' ids. */
  delivery: (hook: string, delivery: string): Key => ({ pk: `DLV#${hook}`, sk: delivery }),
  attempt: (delivery: string, number: number): Key => ({
    pk: `ATT#${delivery}`,
    sk: String(number).padStart(6, "0"),
  }),

  /** Who waits, hashes or tests: the places of each kind in an item of its own, which a call reads and writes at once. */
  places: (kind: PlaceKind): Key => ({ pk: `PLACES#${kind}`, sk: META }),

  /** How many locks of an organization's are live; apart from settings, so that whoever may read it can't read the key of links. */
  lockCount: (organization: string): Key => ({ pk: `LOCKS#${organization}`, sk: "COUNT" }),
  /** How many uploads are open. */
  sessionCount: (): Key => ({ pk: "SESSIONS", sk: "COUNT" }),
  /** Deployment-wide settings made at first use, such as the key that link tokens derive from. */
  setting: (name: string): Key => ({ pk: "SETTING", sk: name }),
};

/** The partition of `key`, or all of its kind, as IAM's `dynamodb:LeadingKeys` names them: `HOOKS`, `CLIENT#*`. */
const partition = ({ pk }: Key): string => pk.replace(/#.*$/s, "#*");

/** The kinds of partitions, which is as fine as a role can be limited: no key of IAM's tells of `sk`. */
export const partitions = {
  /** A client's record, its tokens, keys and grants, and how many endpoints it has. */
  client: partition(keys.client("")),
  /** A person's record, tokens, keys and grants. */
  person: partition(keys.principal("usr_")),
  /** A group's record, members and grants. */
  group: partition(keys.principal("grp_")),
  progeny: partition(keys.progeny("", "")),
  organization: partition(keys.organization("")),
  organizations: partition(keys.organizationEntry("")),
  invitation: partition(keys.invitation("")),
  transfer: partition(keys.transfer("")),
  transfers: partition(keys.transferEntry("", "")),
  policies: partition(keys.policyVersion("", 0)),
  emailAddresses: partition(keys.emailAddress("")),
  grant: partition(keys.grant("")),
  resourceGrants: partition(keys.resourceGrant("", "")),
  revocations: partition(keys.revocation("")),
  clients: partition(keys.clientEntry("")),
  workspaces: partition(keys.workspace("")),
  migration: partition(keys.migration()),
  workspaceNames: partition(keys.workspaceName("", "")),
  folder: partition(keys.entry("", "")),
  trash: partition(keys.trash("", "")),
  /** Files and folders, with versions and the ids of links. */
  node: partition(keys.node("")),
  holds: partition(keys.hold("", "")),
  paths: partition(keys.pathHint("", "")),
  upload: partition(keys.upload("")),
  reservations: partition(keys.reservation("", "")),
  link: partition(keys.link("")),
  idempotency: partition(keys.idempotency("", "")),
  event: partition(keys.event("")),
  feed: partition(keys.feedHead("")),
  hooks: partition(keys.hook("")),
  /** An endpoint's state, secrets and jobs. */
  hook: partition(keys.hookState("")),
  hosts: partition(keys.host("")),
  deliveries: partition(keys.delivery("", "")),
  attempts: partition(keys.attempt("", 0)),
  settings: partition(keys.setting("")),
  lockCount: partition(keys.lockCount("")),
  sessionCount: partition(keys.sessionCount()),
  places: partition(keys.places("lock")),
} as const;

export type PartitionName = keyof typeof partitions;

/** Prefixes for `begins_with` on `sk`. */
export const under = {
  ...{ versions: "VER#", shares: "SHARE#", tokens: "TOKEN#", feed: "SEQ#" },
  ...{
    apiKeys: "KEY#",
    furtherGrants: "GRANT#",
    resourceGrants: "grt_",
    members: "MEMBER#",
    groups: "GROUP#",
    invitations: "INVITATION#",
  },
  ...{ organizationClients: "CLIENT#", organizationWorkspaces: "WS#", organizationNames: "WSNAME#" },
} as const;

/** What the sweep looks for in the sparse index `due`. */
export const dueKinds = [
  "upload",
  "link",
  "event",
  "delivery",
  "lock",
  "version",
  "trash",
  "endpoint",
  "recovery",
  "revocation",
  "wake_up",
  "grant",
  "key",
  "client",
  "invitation",
  "handover",
  "organization",
  "move",
] as const;
export type DueKind = (typeof dueKinds)[number];

export const DUE_INDEX = "due";
/** Index partitions of a kind: each takes 1,000 writes a second, and costs a read each minute, whatever is due. */
const DUE_SHARDS = 16;
/** Fewer of what is written seldom. */
const FEWER_SHARDS: Partial<Record<DueKind, number>> = {
  ...{ grant: 4, trash: 4, key: 1, client: 1, invitation: 1, handover: 1, organization: 1, move: 1 },
};

const shardsOf = (kind: DueKind) => FEWER_SHARDS[kind] ?? DUE_SHARDS;

/** The index partition that `id` belongs to: kinds are spread over their shards by a hash of the id. */
function dueShard(kind: DueKind, id: string): string {
  const byte = createHash("sha256").update(id).digest().readUInt8();
  return `${kind}#${byte % shardsOf(kind)}`;
}

/** All index partitions of a kind, but the one of what was put aside. */
export function dueShards(kind: DueKind): string[] {
  return Array.from({ length: shardsOf(kind) }, (_, shard) => `${kind}#${shard}`);
}

/** The index partition of a kind's items that failed so often that they are looked at apart from the others. */
export function asideShard(kind: DueKind): string {
  return `${kind}#aside`;
}

/** What is open, by its client: sparse, and of keys alone. */
export const OPEN_INDEX = "open";
/** Partitions of one client's, each of which takes 1,000 writes a second. */
const OPEN_SHARDS = 4;

/** All index partitions of what a client has open. */
export function openShards(client: string): string[] {
  return Array.from({ length: OPEN_SHARDS }, (_, shard) => `OPEN#${client}#${shard}`);
}

/** Index attribute that has an upload among its client's open ones; who ends it removes it. */
export function openBy(client: string, upload: string): { open_pk: string } {
  const byte = createHash("sha256").update(upload).digest().readUInt8();
  return { open_pk: `OPEN#${client}#${byte % OPEN_SHARDS}` };
}

/** The primary key of an item as it was read. */
export function keyOf({ pk, sk }: Record<string, unknown>): Key {
  return { pk: String(pk), sk: String(sk) };
}

/** A key, or an item's, as one text: for maps and sets. */
export const nameOfKey = ({ pk, sk }: { pk?: unknown; sk?: unknown }) => `${pk} ${sk}`;

/** Index attributes that make an item due at `at` (ms since the epoch). */
export function due(kind: DueKind, at: number, id: string): { due_pk: string; due_sk: string } {
  return { due_pk: dueShard(kind, id), due_sk: `${new Date(at).toISOString()}#${id}` };
}
