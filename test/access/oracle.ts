/**
 * Who may do what, said once more and as plainly as can be: every grant there is, every folder above by walking up, no
 * hint, no fast path, no record of the table. What the real decision is compared with; it shares no code with that.
 */

export type Verb =
  | ("list" | "read" | "create" | "write" | "delete" | "restore" | "lock")
  | ("share" | "grant" | "hooks" | "break" | "purge" | "manage" | "transfer");

const VIEWER: Verb[] = ["list", "read"];
const EDITOR: Verb[] = ["list", "read", "create", "write", "delete", "restore", "lock"];
const MANAGER: Verb[] = [...EDITOR, "share", "grant", "hooks", "break", "purge", "manage"];
const OF_ROLE = {
  uploader: ["create"],
  viewer: VIEWER,
  contributor: ["list", "read", "create"],
  editor: EDITOR,
  manager: MANAGER,
  owner: [...MANAGER, "transfer"],
} satisfies Record<string, Verb[]>;
export type RoleName = keyof typeof OF_ROLE;

/** Which token may do it at all; `admin` any. */
export const SCOPE_OF = {
  list: "files:read",
  read: "files:read",
  create: "files:write",
  write: "files:write",
  restore: "files:write",
  delete: "files:delete",
  purge: "files:delete",
  lock: "locks:write",
  break: "locks:break",
  share: "shares:write",
  hooks: "webhooks:write",
  grant: "grants:write",
  manage: "workspaces:write",
  transfer: "workspaces:write",
} as const satisfies Record<Verb, string>;

/** What may be done with one's own where nothing else is seen. */
const WITH_OWN: Verb[] = [
  ...(["list", "read", "write", "delete", "restore", "lock", "share", "hooks", "purge"] as const),
];
/** What is done with something that others may have made: not blindly. */
const WITH_THINGS: Verb[] = WITH_OWN.filter((verb) => verb !== "hooks");

export interface Workspace {
  id: string;
  organization: string;
  members: "none" | "viewer" | "editor";
  gone: boolean;
}
export interface Node {
  id: string;
  kind: "folder" | "file";
  workspace: string;
  /** `null` right below the workspace. */
  parent: string | null;
  maker: string;
  /** Others have made versions of it. */
  mixed: boolean;
  gone: boolean;
}
export interface Principal {
  id: string;
  roles: Record<string, "owner" | "admin" | "member" | "guest">;
  groups: Set<string>;
}
export interface Grant {
  id: string;
  holder: string;
  on: string;
  workspace: string;
  role?: RoleName;
  actions?: Verb[];
  expires?: number;
  ended: boolean;
  /** Its workspace, or the organization of that, has been handed over since, and its holder wasn't kept. */
  over: boolean;
}
export interface Known {
  workspaces: Map<string, Workspace>;
  nodes: Map<string, Node>;
  principals: Map<string, Principal>;
  grants: Grant[];
  /** Organizations that are closed. */
  closed: Set<string>;
  /** Of keys, the organizations that were handed over with their holder and without them. */
  dead: Map<string, Set<string>>;
}

export interface Question {
  principal: string;
  scopes: string[];
  /** By which key it asks. */
  key?: string;
  restriction?: { on: string; workspace: string; actions: Verb[] }[];
  verb: Verb;
  /** A workspace or node. */
  on: string;
  /** Of a version, link, lock or session of the file: who made it, and whether that counts alone or beside the file's. */
  thing?: { maker: string; alone: boolean };
  /** Of a link to the file that was handed to it: in which of the workspace's epochs, and whether that is the last. */
  handed?: { epoch: number; isLast: boolean };
  now: number;
}

export type Verdict =
  | { is: "allowed"; own: boolean; sees: boolean; blind: boolean; has: Verb[]; onOwn: Verb[] }
  /** It sees the thing, and may not. */
  | { is: "forbidden" }
  /** The token may do this nowhere. */
  | { is: "no scope" }
  /** For this caller there is no such thing. */
  | { is: "hidden" };

/** What has to be said of a question. */
export function verdictOf(known: Known, question: Question): Verdict {
  const { scopes, verb, now, on } = question;
  const named = (scope: string) => scopes.includes(scope) || scopes.includes("admin");
  if (!named(SCOPE_OF[verb])) return { is: "no scope" };
  const line = lineOf(known, on);
  if (line === undefined) return { is: "hidden" };

  const { organization = "" } = known.workspaces.get(line.at(-1) ?? "") ?? {};
  if (question.key !== undefined && known.dead.get(question.key)?.has(organization)) return { is: "hidden" };
  const granted = grantsAt(known, question.principal, line, now).flatMap(actionsOf);
  const held = new Set([...granted, ...byRole(known, question.principal, line)]);
  const within = (one: Verb) =>
    question.restriction === undefined ||
    question.restriction.some(
      (part) => line.includes(part.on) && line.at(-1) === part.workspace && part.actions.includes(one),
    );
  const has = [...held].filter(within);

  const lists = has.includes("list") || has.includes("read");
  const sees = lists && named("files:read");
  const onOwn = (sees ? has : WITH_OWN.filter(within)).filter((one) => named(SCOPE_OF[one])).sort();
  const there = { sees, blind: has.includes("create") && !lists, has: has.sort(), onOwn };
  if (has.includes(verb) && (sees || !WITH_THINGS.includes(verb)))
    return { is: "allowed", own: false, ...there };
  if (!sees && held.size > 0 && WITH_OWN.includes(verb) && within(verb) && isOwn(known, question))
    return { is: "allowed", own: true, ...there };
  if (verb === "share" && question.handed?.isLast && within(verb))
    return { is: "allowed", own: true, ...there };
  return sees ? { is: "forbidden" } : { is: "hidden" };
}

/** A resource, what is above it, and last its workspace; `undefined` where any of them isn't there. */
export function lineOf({ nodes, workspaces, closed }: Known, on: string): string[] | undefined {
  const line: string[] = [];
  for (let id = on; ; ) {
    if (line.includes(id)) return undefined;
    line.push(id);
    const workspace = workspaces.get(id);
    if (workspace !== undefined)
      return workspace.gone || closed.has(workspace.organization) ? undefined : line;
    const node = nodes.get(id);
    if (node === undefined || node.gone) return undefined;
    id = node.parent ?? node.workspace;
  }
}

/** A caller's grants, its groups' too, that hold now somewhere on a line, in the workspace where they were given. */
export function grantsAt(known: Known, principal: string, line: string[], now: number): Grant[] {
  const groups = known.principals.get(principal)?.groups ?? new Set();
  return known.grants.filter(
    ({ holder, on, workspace, over, expires, ended }) =>
      (holder === principal || groups.has(holder)) &&
      line.includes(on) &&
      line.at(-1) === workspace &&
      !over &&
      !ended &&
      (expires === undefined || now < expires),
  );
}

/** What a grant gives. */
export function actionsOf({ role, actions }: Pick<Grant, "role" | "actions">): Verb[] {
  return actions ?? (role === undefined ? [] : OF_ROLE[role]);
}

function byRole({ workspaces, principals }: Known, principal: string, line: string[]): Verb[] {
  const workspace = workspaces.get(line.at(-1) ?? "");
  if (workspace === undefined) return [];
  const role = principals.get(principal)?.roles[workspace.organization];
  if (role === "owner") return OF_ROLE.owner;
  if (role === "admin") return MANAGER;
  if (role !== "member" || workspace.members === "none") return [];
  return OF_ROLE[workspace.members];
}

function isOwn({ nodes }: Known, { principal, on, thing }: Question): boolean {
  const node = nodes.get(on);
  if (node?.kind !== "file") return false;
  const ofFile = node.maker === principal && !node.mixed;
  if (thing === undefined) return ofFile;
  const ofThing = thing.maker === principal;
  return thing.alone ? ofThing : ofThing || ofFile;
}
