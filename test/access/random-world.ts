/** Trees, principals and grants at random, both in a table and as the oracle knows them, and what becomes of them. */
import { ulid } from "ulid";
import { keys } from "#aws/keys.ts";
import type { Item, Table } from "#aws/table.ts";
import { rootFolder } from "#core/access/place.ts";
import { MAX_IN_RECORD } from "#core/access/rights-of.ts";
import {
  type Grant,
  type Known,
  lineOf,
  type Node,
  type Principal,
  type RoleName,
  SCOPE_OF,
  type Verb,
  type Workspace,
} from "./oracle.ts";

export type Random = ReturnType<typeof randomOf>;
export type RandomWorld = Awaited<ReturnType<typeof makeWorld>>;

const MAX_DEPTH = 12;
const AT = "2026-01-01T00:00:00.000Z";
export const VERBS: Verb[] = Object.keys(SCOPE_OF).filter((name): name is Verb => name !== "");
const ROLES: RoleName[] = ["uploader", "viewer", "contributor", "editor", "manager", "owner"];
const MEMBER_ROLES = ["owner", "admin", "member", "guest"] as const;
const MEMBER_ACCESS = ["none", "viewer", "editor"] as const;

/** Choices by a stream of numbers from 0 to 1. */
export function randomOf(next: () => number) {
  const below = (n: number) => Math.floor(next() * n);
  function one<T>(all: readonly T[]): T {
    const found = all[below(all.length)];
    if (found === undefined) throw new Error("nothing to choose from");
    return found;
  }
  return {
    below,
    one,
    chance: (part: number) => next() < part,
    some: <T>(all: readonly T[], part: number) => all.filter(() => next() < part),
    /** Times around `now`: far, near, and exactly. */
    around: (now: number) => now + one([-86_400_000, -1, 0, 1, 2, 60_000, 86_400_000]),
  };
}

let made = 0;
/** As ids are, and never the same twice. */
export const freshId = (prefix: string) => `${prefix}_${String(++made).padStart(26, "0")}`;

/** Makes a world, in the table and as the oracle knows it. */
export async function makeWorld(table: Table, random: Random, now: number) {
  const { one, chance, below } = random;
  const known: Known & { grants: Grant[] } = {
    workspaces: new Map(),
    nodes: new Map(),
    principals: new Map(),
    grants: [],
    closed: new Set(),
    dead: new Map(),
  };
  const organizations = [freshId("org"), freshId("org")];
  /** What the records of organizations, workspaces, grants and roles say of handovers. */
  const asHandedOver = new Map(
    organizations.map((id) => [id, { epoch: 0, handed_ms: 0, kept: {} as Record<string, number> }]),
  );
  const organizationAt = (id: string) => asHandedOver.get(id) ?? { epoch: 0, handed_ms: 0, kept: {} };
  const epochs = new Map<string, { own: number; came: number }>();
  const epochOf = ({ id, organization }: Workspace) => {
    const { own, came } = epochs.get(id) ?? { own: 0, came: 0 };
    return own + organizationAt(organization).epoch - came;
  };
  const since = new Map<string, number>();
  const roles = new Map<string, Record<string, string>>();
  const keysOf = new Map<string, string[]>();
  const holders: string[] = [];
  const groups: string[] = [];
  /** A guest of no group, with grants on workspaces: all that it has is in its record. */
  const plain = freshId("cli");
  /** Grants that stand in their holder's record. */
  const inRecord = new Set<string>();

  const put = (item: Item & { pk: string; sk: string }) =>
    table.put({ put: item, blind: "a test's own world" });
  const folders = (workspace?: string) =>
    [...known.nodes.values()].filter(
      ({ kind, gone, workspace: its }) =>
        kind === "folder" && !gone && (workspace === undefined || its === workspace),
    );
  const depthOf = (id: string) => (lineOf(known, id)?.length ?? 1) - 1;

  /** Folders from below the root down to a node's folder, as hints tell them. */
  function above({ parent }: Node): string[] {
    return parent === null ? [] : (lineOf(known, parent) ?? [parent]).slice(0, -1).reverse();
  }

  function hintOf(node: Node): string[] | undefined {
    const right = above(node);
    const others = [...known.nodes.keys()];
    switch (one(["right", "right", "right", "missing", "short", "wrong", "nowhere"])) {
      case "right":
        return right;
      case "short":
        return right.slice(below(3));
      case "wrong":
        return [...new Set(Array.from({ length: 1 + below(4) }, () => one([...others, node.id])))];
      case "nowhere":
        return [freshId("fld"), ...right.slice(1)];
      default:
        return undefined;
    }
  }

  /** What nodes' records say of what is above them. */
  const hints = new Map<string, string[] | undefined>();

  async function storeNode(node: Node, hint = hintOf(node)): Promise<void> {
    hints.set(node.id, hint);
    const parent = node.parent ?? rootFolder(node.workspace);
    await put({
      ...keys.node(node.id),
      ...{ kind: node.kind, node_id: node.id, workspace_id: node.workspace, name: node.id, created_at: AT },
      ...(node.kind === "folder" ? { parent_id: parent } : { folder_id: parent }),
      ...{ above: hint, created_by: node.maker, mixed: node.mixed || undefined },
      deleted_at: node.gone ? AT : undefined,
    });
  }

  /** A role is given, in the organization's present epoch; or taken away. */
  function assign({ id, roles: its }: Principal, organization: string, role?: (typeof MEMBER_ROLES)[number]) {
    const stored = { ...roles.get(id) };
    const { epoch } = organizationAt(organization);
    if (role === undefined) delete its[organization];
    else its[organization] = role;
    if (role === undefined) delete stored[organization];
    else stored[organization] = epoch === 0 ? role : `${role}@${epoch}`;
    roles.set(id, stored);
  }

  async function storePrincipal({ id, groups: its }: Principal): Promise<void> {
    const own = known.grants.filter(({ holder, ended }) => holder === id && !ended);
    const held = own.filter((grant) => inRecord.has(grant.id));
    const rights = {
      organizations: roles.get(id) ?? {},
      grants: Object.fromEntries(held.map((grant) => [grant.id, heldOf(grant, since.get(grant.id))])),
      more_grants: own.length - held.length,
      groups: [...its],
    };
    const common = { ...keys.principal(id), name: id, created_at: AT, ...rights };
    if (id.startsWith("usr_")) return await put({ ...common, person_id: id, emails: [] });
    if (id.startsWith("grp_")) return await put({ ...common, group_id: id });
    await put({ ...common, client_id: id, scopes: ["admin"], secrets: [] });
  }

  const principal = (id: string): Principal => {
    const found = known.principals.get(id);
    if (found === undefined) throw new Error(`${id} is nobody`);
    return found;
  };

  async function give(grant: Omit<Grant, "id" | "ended" | "over">): Promise<void> {
    const added = { ...grant, id: freshId("grt"), ended: false, over: false };
    const workspace = known.workspaces.get(grant.workspace);
    since.set(added.id, workspace === undefined ? 0 : epochOf(workspace));
    const held = known.grants.filter(
      (one) => one.holder === grant.holder && inRecord.has(one.id) && !one.ended,
    );
    known.grants.push(added);
    if (held.length < MAX_IN_RECORD) inRecord.add(added.id);
    else
      await put({
        ...keys.furtherGrant(added.holder, added.workspace, added.id),
        grant_id: added.id,
        ...heldOf(added, since.get(added.id)),
      });
    await storePrincipal(principal(added.holder));
  }

  /** A new grant of a holder's, somewhere. */
  async function giveSomewhere(holder: string, at = now): Promise<void> {
    const nodes = holder === plain ? [] : [...known.nodes.keys()];
    const on = one([...known.workspaces.keys(), ...nodes]);
    const workspace = known.nodes.get(on)?.workspace ?? on;
    const what = chance(0.7) ? { role: one(ROLES) } : { actions: random.some(VERBS, 0.3) };
    await give({
      holder,
      on,
      workspace,
      ...what,
      ...(chance(0.4) ? { expires: random.around(at) } : {}),
    });
  }

  /** Its record has no room for what is granted after that. */
  async function fill(holder: string): Promise<void> {
    for (let at = 0; at < MAX_IN_RECORD; at++) {
      const elsewhere = freshId("ws");
      known.grants.push({
        id: freshId("grt"),
        holder,
        on: elsewhere,
        workspace: elsewhere,
        role: "owner",
        ...{ ended: false, over: false },
      });
      inRecord.add(known.grants.at(-1)?.id ?? "");
    }
    for (let at = 0; at < 3; at++) await giveSomewhere(holder);
  }

  for (let at = 0; at < 3; at++) {
    const id = freshId("ws");
    const workspace: Workspace = {
      id,
      organization: at < 2 ? (organizations[0] ?? "") : (organizations[1] ?? ""),
      members: one(MEMBER_ACCESS),
      gone: false,
    };
    epochs.set(id, { own: chance(0.3) ? 1 : 0, came: 0 });
    known.workspaces.set(id, workspace);
    await storeWorkspace(workspace);
    const root = rootFolder(id);
    const node = {
      kind: "folder",
      node_id: root,
      workspace_id: id,
      parent_id: null,
      name: "",
      created_at: AT,
    };
    await put({ ...keys.node(root), ...node });
  }

  /** Keys and handovers have an order of their own: the time of questions goes back and forth. */
  let moments = now;

  function newKey(holder: string): void {
    const id = `key_${ulid(++moments)}`;
    keysOf.set(holder, [...(keysOf.get(holder) ?? []), id]);
    known.dead.set(id, new Set());
  }

  async function storeOrganization(id: string): Promise<void> {
    const { epoch, handed_ms, kept } = organizationAt(id);
    const names = { organization_id: id, name: id, owners: 1, created_at: AT };
    const handed = epoch === 0 ? {} : { epoch, handed_ms, kept };
    const closed_at = known.closed.has(id) ? AT : undefined;
    await put({ ...keys.organization(id), ...names, ...handed, closed_at });
  }

  async function storeWorkspace(workspace: Workspace): Promise<void> {
    const { id, organization, members, gone } = workspace;
    const { own, came } = epochs.get(id) ?? { own: 0, came: 0 };
    const place = { workspace_id: id, name: id, root_folder: rootFolder(id), created_at: AT };
    await put({
      ...{ ...keys.workspace(id), ...place, organization_id: organization, member_access: members },
      ...{ epoch: own || undefined, organization_epoch: came || undefined },
      deleted_at: gone ? AT : undefined,
    });
  }

  for (const prefix of ["cli", "cli", "cli", "usr", "usr", "grp", "grp", "grp"]) {
    const id = freshId(prefix);
    const isGroup = prefix === "grp";
    (isGroup ? groups : holders).push(id);
    known.principals.set(id, { id, roles: {}, groups: new Set() });
    if (isGroup) continue;
    for (const organization of random.some(organizations, 0.6))
      assign(principal(id), organization, one([...MEMBER_ROLES, "guest" as const]));
    newKey(id);
  }
  for (const holder of holders) if (chance(0.5)) principal(holder).groups = new Set(random.some(groups, 0.5));
  holders.push(plain);
  known.principals.set(plain, { id: plain, roles: {}, groups: new Set() });

  for (let at = 0; at < 26; at++) {
    const workspace = one([...known.workspaces.keys()]);
    const all = folders(workspace).filter(({ id }) => depthOf(id) < MAX_DEPTH);
    // Long lines, so that some are deep.
    const parent =
      all.length === 0 || chance(0.15) ? null : chance(0.6) ? (all.at(-1)?.id ?? null) : one(all).id;
    const kind = chance(0.6) ? "folder" : "file";
    const maker = one(holders);
    const node: Node = {
      ...{ id: freshId(kind === "folder" ? "fld" : "file"), kind, workspace, parent, maker },
      ...{ mixed: kind === "file" && chance(0.3), gone: false },
    };
    known.nodes.set(node.id, node);
    await storeNode(node);
  }
  for (const id of known.principals.keys()) {
    if (id !== plain && chance(0.15)) await fill(id);
    const count = below(5);
    for (let at = 0; at < count; at++) await giveSomewhere(id);
    await storePrincipal(principal(id));
  }

  const live = () => known.grants.filter(({ ended }) => !ended);
  /** What may happen between two questions, by name. */
  const happenings = {
    async move() {
      const moved = one([...known.nodes.values()].filter(({ gone }) => !gone));
      const below = (id: string) => lineOf(known, id)?.includes(moved.id) ?? true;
      const targets = folders(moved.workspace).filter(({ id }) => !below(id) && depthOf(id) < MAX_DEPTH);
      moved.parent = targets.length === 0 || chance(0.1) ? null : one(targets).id;
      // All below keep the hints that they had.
      await storeNode(moved);
    },
    /** A file goes to another workspace, and leaves behind what was granted on it. */
    async go() {
      const files = [...known.nodes.values()].filter(({ kind, gone }) => kind === "file" && !gone);
      if (files.length === 0) return;
      const file = one(files);
      file.workspace = one([...known.workspaces.keys()]);
      const targets = folders(file.workspace);
      file.parent = targets.length === 0 || chance(0.3) ? null : one(targets).id;
      await storeNode(file);
    },
    async revoke() {
      if (live().length === 0) return;
      const grant = one(live());
      grant.ended = true;
      if (!inRecord.has(grant.id))
        await table.remove({
          remove: keys.furtherGrant(grant.holder, grant.workspace, grant.id),
          blind: "a test's",
        });
      await storePrincipal(principal(grant.holder));
    },
    async grant({ at }: { at: number }) {
      await giveSomewhere(one([...known.principals.keys()]), at);
    },
    async join() {
      const joining = principal(one(holders.filter((id) => id !== plain)));
      joining.groups.add(one(groups));
      await storePrincipal(joining);
    },
    async leave() {
      const leaving = principal(one(holders));
      const [group] = leaving.groups;
      if (group !== undefined) leaving.groups.delete(group);
      await storePrincipal(leaving);
    },
    async role() {
      const changed = principal(one(holders.filter((id) => id !== plain)));
      const organization = one(organizations);
      assign(changed, organization, chance(0.3) ? undefined : one(MEMBER_ROLES));
      await storePrincipal(changed);
    },
    async members() {
      const workspace = one([...known.workspaces.values()]);
      workspace.members = one(MEMBER_ACCESS);
      await storeWorkspace(workspace);
    },
    async "hand over"() {
      const workspace = one([...known.workspaces.values()]);
      // Not so often that nobody has anything any more.
      if (chance(0.7)) return;
      const own = epochOf(workspace) + 1;
      workspace.organization = one(organizations);
      epochs.set(workspace.id, { own, came: organizationAt(workspace.organization).epoch });
      for (const grant of known.grants) if (grant.workspace === workspace.id) grant.over = true;
      await storeWorkspace(workspace);
    },
    /** With some of those who have something there, and some of their keys. */
    async "hand over an organization"() {
      if (chance(0.7)) return;
      const organization = one(organizations);
      const { epoch, kept } = organizationAt(organization);
      const stays = random.some(holders, 0.5);
      const all = stays.flatMap((id) => keysOf.get(id) ?? []);
      const good = random.some(all, 0.5);
      const from = stays.map((id) => [id, kept[id] ?? epoch] as const);
      asHandedOver.set(organization, {
        ...{ epoch: epoch + 1, handed_ms: ++moments },
        kept: Object.fromEntries([...from, ...good.map((id) => [id, epoch + 1] as const)]),
      });
      for (const id of holders) if (!stays.includes(id)) delete principal(id).roles[organization];
      for (const grant of known.grants)
        if (known.workspaces.get(grant.workspace)?.organization === organization)
          grant.over ||= !stays.includes(grant.holder);
      for (const [id, dead] of known.dead)
        if (all.includes(id) && !good.includes(id)) dead.add(organization);
        else dead.delete(organization);
      await storeOrganization(organization);
    },
    async "make a key"() {
      newKey(one(holders));
    },
    async "delete or restore a workspace"() {
      const workspace = one([...known.workspaces.values()]);
      workspace.gone = !workspace.gone && chance(0.15);
      await storeWorkspace(workspace);
    },
    async "close or open an organization"() {
      const id = one(organizations);
      if (known.closed.has(id) || chance(0.85)) known.closed.delete(id);
      else known.closed.add(id);
      await storeOrganization(id);
    },
    async delete() {
      const alive = [...known.nodes.values()].filter(({ gone }) => !gone);
      if (alive.length < 18) return;
      const node = one(alive);
      node.gone = true;
      if (chance(0.5)) await storeNode(node);
      else await table.remove({ remove: keys.node(node.id), blind: "a test's" });
    },
  };

  return {
    known,
    holders,
    hints,
    plain,
    keysOf,
    epochOf,
    happenings,
    isInRecord: ({ id }: Grant) => inRecord.has(id),
  };
}

function heldOf({ on, workspace, role, actions, expires }: Grant, since: number | undefined) {
  return { on, workspace_id: workspace, role, actions, expires_ms: expires, epoch: since || undefined };
}
