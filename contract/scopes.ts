/**
 * What callers may do, and which scopes of a token let them: the one table that routes, docs and decisions take it from.
 *
 * A scope says which verbs a token may use at all; on which resources is said by roles and grants (`contract/roles.ts`).
 */
import * as z from "zod";

/** What can be done to a workspace, a folder or a file. */
export const actions = [
  "list",
  "read",
  "create",
  "write",
  "delete",
  "restore",
  "lock",
  "share",
  "grant",
  "hooks",
  "break",
  "purge",
  "manage",
  "transfer",
] as const;
export type Action = (typeof actions)[number];
export const action = z.enum(actions).meta({
  id: "Action",
  description:
    "What may be done: `list` names and facts; `read` bytes; `create` new files; `write` versions, names, places; `delete`; `restore` from the trash; `lock`; `share` by links; `grant`; `hooks`: webhook endpoints; `break` locks; `purge` for good; `manage` a workspace's name and terms; `transfer` it.",
});

interface Facts {
  /** What it lets a token do to workspaces, folders and files. */
  actions: readonly Action[];
  /** Scopes that it has in it. */
  implies?: readonly string[];
  /** For docs and consent. */
  says: string;
}

/** Every scope. `x:write` has `x:read` in it, but for files: whoever sends builds need not read them. */
export const scopeTable = {
  "files:read": { actions: ["list", "read"], says: "See, list and download files, and hear of them." },
  "files:write": {
    actions: ["create", "write", "restore"],
    says: "Send files and versions, make and move folders, rename, restore, also from the trash; without `files:read` only what it made itself.",
  },
  "files:delete": {
    actions: ["delete", "purge"],
    says: "Delete files, folders and versions, and purge what is in the trash.",
  },
  "locks:write": { actions: ["lock"], says: "Lock files." },
  "locks:break": { actions: ["break"], says: "End another's lock." },
  "shares:read": { actions: [], says: "See links." },
  "shares:write": { actions: ["share"], implies: ["shares:read"], says: "Make, see and revoke links." },
  "webhooks:read": { actions: [], says: "See webhook endpoints and their deliveries." },
  "webhooks:write": {
    actions: ["hooks"],
    implies: ["webhooks:read"],
    says: "Manage webhook endpoints; hear of what happens.",
  },
  "grants:read": { actions: [], says: "See who may do what." },
  "grants:write": {
    actions: ["grant"],
    implies: ["grants:read"],
    says: "Give and end rights to workspaces, folders and files, up to its own.",
  },
  "members:read": { actions: [], says: "See the organization's members, groups and invitations." },
  "members:write": {
    actions: [],
    implies: ["members:read"],
    says: "Invite and manage members, their roles, and groups.",
  },
  "clients:read": { actions: [], says: "See the organization's clients and keys." },
  "clients:write": {
    actions: [],
    implies: ["clients:read"],
    says: "Make and end clients, their secrets, and API keys.",
  },
  "policies:read": { actions: [], says: "See policies." },
  "policies:write": {
    actions: [],
    implies: ["policies:read"],
    says: "Set policies.",
  },
  "workspaces:read": { actions: [], says: "See workspaces." },
  "workspaces:write": {
    actions: ["manage", "transfer"],
    implies: ["workspaces:read"],
    says: "Make, rename and delete workspaces, and hand them over.",
  },
  admin: {
    actions,
    says: "All of its organization, as far as its client's role goes, and nothing beyond.",
  },
} as const satisfies Record<string, Facts>;

export type Scope = keyof typeof scopeTable;

const isScope = (name: string): name is Scope => Object.hasOwn(scopeTable, name);

/** Scopes that a client can hold, in the table's order. */
export const scopes = Object.keys(scopeTable).filter(isScope);
export const scope = z.enum(scopes as [Scope, ...Scope[]]).meta({ id: "Scope" });

const factsOf = (scope: Scope): Facts => scopeTable[scope];

/** Whether a token with these scopes has `wanted`, by itself, by one that implies it, or as `admin`. */
export function holds(held: ReadonlySet<Scope>, wanted: Scope): boolean {
  if (held.has("admin") || held.has(wanted)) return true;
  for (const scope of held) if (factsOf(scope).implies?.includes(wanted)) return true;
  return false;
}

/** What these scopes let a token do. */
export function actionsOf(held: Iterable<Scope>): ReadonlySet<Action> {
  return new Set([...held].flatMap((scope) => factsOf(scope).actions));
}

/** The scopes that let a token do it, the narrowest first; `admin`, which has all, isn't among them. */
export function scopesFor(wanted: Action): Scope[] {
  return scopes.filter((scope) => scope !== "admin" && factsOf(scope).actions.includes(wanted));
}
