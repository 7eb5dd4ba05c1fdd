/** Lists of all that is below a folder: against a naive model, while others move what is listed. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { createTable } from "#aws/table.ts";
import { MAX_DEPTH } from "#contract/common.ts";
import { rootFolder } from "#core/access/place.ts";
import type { File, Folder } from "#core/files/contract.ts";
import type { WhichFiles } from "#core/files/list-contract.ts";
import { listFiles } from "#core/files/list-files.ts";
import { newId } from "#core/kernel/ids.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { MOST_QUERIES } from "#core/tree/walk.ts";
import { inProcessDynamoDb } from "#test/support/in-process-dynamodb.ts";
import { spec } from "#test/support/table-spec.ts";

const T0 = Date.UTC(2026, 0, 1);
let calls = 0;
/** What others do just before so many calls of a page. */
let amid: { call: number; play: () => Promise<void> } | undefined;
const engine = inProcessDynamoDb(spec, () => T0);
const client = engine.client(async (sent) => {
  calls += 1;
  if (calls === amid?.call) await amid.play();
  return sent.run();
});
afterAll(() => engine.close());
const deps = { table: createTable(client, spec.name), now: () => T0 + 3_600_000 };

interface Node {
  id: string;
  kind: "file" | "folder";
  name: string;
  /** None where it was deleted. */
  parent: Node | undefined;
  above: string[];
  updated_ms: number;
}

/** A workspace's tree, in the table and beside it. */
function tree() {
  const workspace_id = newId("ws", T0);
  const root: Node = {
    ...{ id: rootFolder(workspace_id), kind: "folder", name: "", parent: undefined },
    ...{ above: [], updated_ms: T0 },
  };
  const nodes: Node[] = [];
  const childrenOf = (folder: Node) => nodes.filter(({ parent }) => parent === folder);
  const chainOf = (node: Node): Node[] =>
    node.parent === undefined ? [node] : [...chainOf(node.parent), node];
  const stands = (node: Node) => chainOf(node)[0] === root;
  const pathOf = (node: Node) =>
    chainOf(node)
      .slice(1)
      .map(({ name }) => name)
      .join("/");
  const isFree = (folder: Node, name: string) => childrenOf(folder).every((one) => one.name !== name);
  const table = createTable(engine.client(), spec.name);

  async function write(node: Node): Promise<void> {
    const { id: node_id, kind, name, parent, above } = node;
    const at = iso(node.updated_ms);
    const gone = parent === undefined ? { deleted_at: at, deleted_by: "cli_x" } : {};
    const common = { kind, node_id, workspace_id, name, above, created_at: at, created_by: "cli_x", ...gone };
    const own =
      kind === "folder"
        ? { parent_id: parent?.id ?? "gone" }
        : {
            ...{ folder_id: parent?.id ?? "gone", version_id: newId("ver", T0), size: 1, updated_at: at },
            ...{ content_type: "text/plain", object_key: "o/1" },
          };
    await table.put({ put: { ...keys.node(node_id), ...common, ...own }, blind: "the model's own" });
    if (parent === undefined) return;
    await table.put({
      put: { ...keys.entry(parent.id, name), node_id, kind, created_by: "cli_x" },
      blind: "the model's own",
    });
  }
  const leave = async ({ parent, name }: Node) =>
    parent && table.remove({ remove: keys.entry(parent.id, name), blind: "the model's own" });

  return {
    root,
    nodes,
    pathOf,
    /** Those that it stands in, and itself where it is one. */
    foldersOf: (node: Node) => chainOf(node).filter(({ kind }) => kind === "folder"),
    /** Those that stand somewhere below a folder. */
    below: (top: Node) => nodes.filter((node) => stands(node) && chainOf(node).slice(0, -1).includes(top)),
    trailOf: (node: Node): TrailFolder[] =>
      chainOf(node)
        .slice(1)
        .map(({ id, name, parent }) => ({ folder_id: id, name, parent_id: parent?.id ?? "" })),
    async add(parent: Node, kind: Node["kind"], name: string, updated_ms = T0): Promise<Node | undefined> {
      if (parent.kind !== "folder" || !stands(parent) || !isFree(parent, name)) return undefined;
      const above = chainOf(parent)
        .slice(1)
        .map(({ id }) => id);
      const id = newId(kind === "file" ? "file" : "fld", T0);
      const node: Node = { id, kind, name, parent, above, updated_ms };
      nodes.push(node);
      await write(node);
      return node;
    },
    async move(node: Node, parent: Node, name: string): Promise<void> {
      const isRight = parent.kind === "folder" && !chainOf(parent).includes(node) && isFree(parent, name);
      if (!isRight || !stands(node) || !stands(parent)) return;
      await leave(node);
      Object.assign(node, { parent, name });
      await write(node);
    },
    async remove(node: Node): Promise<void> {
      await leave(node);
      node.parent = undefined;
      await write(node);
    },
  };
}

type Tree = ReturnType<typeof tree>;
const idOf = (item: File | Folder) => (item.kind === "file" ? item.file_id : item.folder_id);
const ALL: WhichFiles = { recursive: true };

/** The order of paths, as it is promised. */
function comparePaths(one: string, other: string): number {
  const [a, b] = [one.split("/"), other.split("/")];
  for (const [index, name] of a.entries()) {
    const against = b[index];
    if (against === undefined) return 1;
    const compared = Buffer.compare(Buffer.from(name), Buffer.from(against));
    if (compared !== 0) return compared;
  }
  return a.length - b.length;
}

/** All pages, and how many calls each took. */
async function listAll(
  wood: Tree,
  { top = wood.root, limit, which = ALL }: { top?: Node; limit: number; which?: WhichFiles },
  between: (page: number, last: Node | undefined) => Promise<unknown> = async () => {},
) {
  const standing = () => new Map(wood.below(top).map((node) => [node.id, wood.pathOf(node)]));
  const items: (File | Folder)[] = [];
  const took: number[] = [];
  let cursor: string | undefined;
  for (let page = 0; ; page++) {
    if (page === 500) throw new Error("the list doesn't end");
    calls = 0;
    const before = standing();
    const answer = await listFiles(deps, top.id, { limit, cursor, trail: wood.trailOf(top), ...which });
    took.push(calls);
    expect(answer.items.length).toBeLessThanOrEqual(limit);
    // Each is where it is said to be, or was so a moment ago, and nothing else is.
    const now = standing();
    for (const item of answer.items)
      expect([before.get(idOf(item)), now.get(idOf(item))]).toContain(item.path);
    items.push(...answer.items);
    if (answer.next_cursor === null) return { items, took };
    expect(answer.next_cursor.length).toBeLessThanOrEqual(2_048);
    cursor = answer.next_cursor;
    const last = items.at(-1);
    await between(page, last && wood.nodes.find(({ id }) => id === idOf(last)));
  }
}

const name = fc.constantFrom("a", "b", "a b", "a.txt", "a-b", "Z", "é", "ｚ", "𝄞", '"', "10", "9");
const index = fc.nat(1_000);
const step = fc.record({
  do: fc.constantFrom("add file", "add folder", "move", "move", "rename", "remove" as const),
  ...{ node: index, to: index, name, late: fc.boolean() },
  /** Whether it is done to one of the folders in which the last page ended. */
  near: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const at = (list: readonly Node[], number: number) => list[number % list.length];

/** What others do. */
async function play(wood: Tree, { do: what, name, late, ...step }: Step, near: Node[] = []): Promise<void> {
  const standing = wood.below(wood.root);
  const to = at([wood.root, ...standing.filter(({ kind }) => kind === "folder")], step.to) ?? wood.root;
  const node = at(step.near && near.length > 0 ? near : standing, step.node);
  if (what === "add file") await wood.add(to, "file", name, late ? T0 + 60_000 : T0);
  else if (what === "add folder") await wood.add(to, "folder", name);
  else if (node === undefined) return;
  else if (what === "remove") await wood.remove(node);
  else await wood.move(node, what === "move" ? to : (node.parent ?? to), name);
}

const GROW: readonly Step["do"][] = ["add file", "add folder"];
const story = fc.record({
  grow: fc.array(
    step.map((one) => ({ ...one, do: GROW[one.node % 2] ?? one.do })),
    { minLength: 10, maxLength: 40, size: "max" },
  ),
  limit: fc.integer({ min: 1, max: 12 }),
  top: index,
  meanwhile: fc.array(
    fc.record({ steps: fc.array(step, { maxLength: 3 }), call: fc.integer({ min: 0, max: 5 }) }),
    {
      ...{ maxLength: 12, size: "max" },
    },
  ),
  since: fc.option(fc.constantFrom(T0, T0 + 1, T0 + 60_000, T0 + 60_001), { nil: undefined }),
});

describe("a list of all that is below a folder", () => {
  test("has what stays where it is just once, in one order, whatever others do between its pages", async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ grow, limit, top: number, meanwhile, since }) => {
        const wood = tree();
        for (const one of grow) await play(wood, one);
        const folders = wood.nodes.filter(({ kind }) => kind === "folder");
        const top = at([wood.root, wood.root, ...folders], number) ?? wood.root;
        const which = { ...ALL, updated_since: since === undefined ? undefined : iso(since) };
        const fits = ({ kind, updated_ms }: Node) =>
          since === undefined || (kind === "file" && updated_ms >= since);
        const stayed = new Map(wood.below(top).map((node) => [node.id, wood.pathOf(node)]));
        const others = async (steps: readonly Step[], last?: Node) => {
          // What is decided on stays: another call would decide anew.
          const mayGo = (node: Node) => node !== top && !wood.below(node).includes(top);
          const near = last === undefined ? [] : wood.foldersOf(last).filter(mayGo);
          for (const one of steps) {
            const node = at(wood.below(wood.root), one.node);
            if (node !== undefined && mayGo(node)) await play(wood, one, near);
          }
          const now = new Map(wood.below(top).map((node) => [node.id, wood.pathOf(node)]));
          for (const [id, path] of stayed) if (now.get(id) !== path) stayed.delete(id);
        };
        const { items } = await listAll(wood, { top, limit, which }, async (page, last) => {
          const { steps = [], call = 0 } = meanwhile[page] ?? {};
          amid = undefined;
          if (call === 0) await others(steps, last);
          else amid = { call, play: () => others(steps, last) };
        });
        amid = undefined;
        const paths = items.map(({ path }) => path);
        expect(paths).toEqual(paths.toSorted(comparePaths));
        expect(new Set(paths).size).toBe(paths.length);
        const wanted = wood.below(top).filter((node) => stayed.has(node.id) && fits(node));
        const listed = items.filter((item) => stayed.has(idOf(item))).map(idOf);
        expect(listed.toSorted()).toEqual(wanted.map(({ id }) => id).toSorted());
        for (const item of items)
          if (since !== undefined)
            expect(item.kind === "file" && Date.parse(item.updated_at) >= since).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("takes two calls for a folder of 100 files, and one for each folder of 100 in one another", async () => {
    const wood = tree();
    const flat = await wood.add(wood.root, "folder", "flat");
    const nested = await wood.add(wood.root, "folder", "nested");
    if (flat === undefined || nested === undefined) throw new Error("it wasn't made");
    for (let number = 0; number < 100; number++) await wood.add(flat, "file", `${number}`);
    let at: Node | undefined;
    for (let number = 0; number < 100; number++)
      at = at === undefined || number % 25 === 0 ? await add(nested, number) : await add(at, number);
    expect((await listAll(wood, { top: flat, limit: 100 })).took).toEqual([2]);
    // Each further page finds its place in two, and asks anew what else is in the folders above it.
    const again = 2 + MOST_QUERIES;
    expect((await listAll(wood, { top: nested, limit: 100 })).took).toEqual([MOST_QUERIES, again, again, 28]);

    async function add(parent: Node, number: number) {
      return wood.add(parent, "folder", `${number}`);
    }
  });

  test("reads so many folders for a page, and gets to its end over those that are empty", async () => {
    const wood = tree();
    let at: Node | undefined = wood.root;
    for (let level = 0; level < MAX_DEPTH; level++) at = at && (await wood.add(at, "folder", "deep"));
    for (let number = 0; number < 80; number++) await wood.add(wood.root, "folder", `${1000 + number}`);
    const last = await wood.add(wood.root, "file", "z");
    const { items, took } = await listAll(wood, { limit: 100 });
    expect(items).toHaveLength(MAX_DEPTH + 81);
    expect(Math.max(...took)).toBeLessThanOrEqual(MOST_QUERIES + 4);
    // Of a list of files most pages have none.
    const files = await listAll(wood, { limit: 100, which: { ...ALL, updated_since: iso(T0) } });
    expect(files.items.map(idOf)).toEqual([last?.id]);
    expect(files.took.length).toBeGreaterThan(2);
    expect(Math.max(...files.took)).toBeLessThanOrEqual(MOST_QUERIES + 4);
  });

  test("goes on by the names of its place where the folder that it was in is elsewhere", async () => {
    const wood = tree();
    const one = await made(wood.root, "folder", "m");
    const two = await made(one, "folder", "in");
    const files = [await made(two, "file", "1"), await made(two, "file", "2"), await made(two, "file", "3")];
    const rest = [await made(one, "file", "to"), await made(wood.root, "file", "n")];
    /** What is listed where others do something after the first page, which ends in the inner folder. */
    const listed = async (others: () => Promise<void>) =>
      (await listAll(wood, { limit: 3 }, async (page) => (page === 0 ? others() : undefined))).items.map(
        idOf,
      );
    const [first, second, third] = files.map(({ id }) => id);
    const [to, n] = rest.map(({ id }) => id);
    // Backwards, so that it isn't met again; forwards, so that it is.
    expect(await listed(() => wood.move(one, wood.root, "a"))).toEqual([one.id, two.id, first, n]);
    await wood.move(one, wood.root, "m");
    expect(await listed(() => wood.move(one, wood.root, "x"))).toEqual([
      ...[one.id, two.id, first, n],
      ...[one.id, two.id, first, second, third, to],
    ]);
    await wood.move(one, wood.root, "m");
    expect(await listed(() => wood.move(two, wood.root, "a"))).toEqual([one.id, two.id, first, to, n]);
    await wood.move(two, one, "in");
    expect(await listed(() => wood.remove(two))).toEqual([one.id, two.id, first, to, n]);

    async function made(parent: Node, kind: Node["kind"], called: string): Promise<Node> {
      const node = await wood.add(parent, kind, called);
      if (node === undefined) throw new Error("it wasn't made");
      return node;
    }
  });

  test("follows no folder that has left the one whose list it is, whatever a cursor says", async () => {
    const wood = tree();
    const [mine, theirs] = [
      await wood.add(wood.root, "folder", "mine"),
      await wood.add(wood.root, "folder", "theirs"),
    ];
    const inner = mine && (await wood.add(mine, "folder", "in"));
    if (mine === undefined || theirs === undefined || inner === undefined) throw new Error("it wasn't made");
    for (const file of ["1", "2"]) await wood.add(inner, "file", file);
    const { items } = await listAll(wood, { top: mine, limit: 2 }, () => wood.move(inner, theirs, "in"));
    expect(items.map(({ path }) => path)).toEqual(["mine/in", "mine/in/1"]);
  });

  test("leaves out what is renamed, moved or deleted once its name was read", async () => {
    const wood = tree();
    const folder = await wood.add(wood.root, "folder", "f");
    const [renamed, moved, deleted, stays] = [
      await wood.add(wood.root, "file", "a"),
      await wood.add(wood.root, "file", "b"),
      await wood.add(wood.root, "file", "c"),
      await wood.add(wood.root, "file", "d"),
    ];
    if (!folder || !renamed || !moved || !deleted) throw new Error("it wasn't made");
    const play = async () => {
      await wood.move(renamed, wood.root, "e");
      await wood.move(moved, folder, "b");
      await wood.remove(deleted);
    };
    amid = { call: 2, play };
    const shallow = { recursive: false };
    expect((await listAll(wood, { limit: 10, which: shallow })).items.map(idOf)).toEqual([
      ...[stays?.id, folder.id],
    ]);
    amid = undefined;
  });

  test("has cursors that clients can send, at paths as long as they may be", async () => {
    const wood = tree();
    let at: Node | undefined = wood.root;
    for (let level = 0; level < MAX_DEPTH; level++) at = at && (await wood.add(at, "folder", '"'.repeat(30)));
    for (const file of ['"', "'"]) if (at !== undefined) await wood.add(at, "file", file.repeat(31));
    const { items, took } = await listAll(wood, { limit: 1 });
    expect(items.at(-1)?.path).toHaveLength(MAX_DEPTH * 31 + 31);
    expect(Math.max(...took)).toBeLessThanOrEqual(MOST_QUERIES + 4);
  });
});
