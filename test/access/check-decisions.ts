/**
 * Asks the real decision, over a real table, and the oracle the same at random, with what happens in between, and what
 * each answer cost.
 */
import { isDeepStrictEqual } from "node:util";
import { keys } from "#aws/keys.ts";
import { createTable } from "#aws/table.ts";
import type { GrantedDetail } from "#contract/roles.ts";
import { scopes as allScopes, type Scope } from "#contract/scopes.ts";
import { authorize, isAllowedAtOnce, judge } from "#core/access/authorize.ts";
import { type Located, locateNode, nodeIn, rootFolder } from "#core/access/place.ts";
import { authenticate, holderIn } from "#core/accounts/authenticate.ts";
import type { Caller } from "#core/kernel/call.ts";
import { WharfError } from "#core/kernel/error.ts";
import { seeded } from "#test/faults/random.ts";
import { inProcessDynamoDb, type Network } from "#test/support/in-process-dynamodb.ts";
import { spec } from "#test/support/table-spec.ts";
import { actionsOf, grantsAt, lineOf, type Question, SCOPE_OF, type Verdict, verdictOf } from "./oracle.ts";
import { freshId, makeWorld, type Random, type RandomWorld, randomOf, VERBS } from "./random-world.ts";

const T0 = Date.UTC(2026, 0, 1);
const QUESTIONS_PER_WORLD = 60;

/** Real and expected differ, or the answer cost more than it may. */
class Disagreement extends Error {}

export interface Counts {
  seed: number;
  cases: number;
  worlds: number;
  verdicts: Record<string, number>;
  happenings: Record<string, number>;
  roundTrips: Record<number, number>;
}

/** Asks `cases` questions. @throws Disagreement with the seed, the case's number and what was asked. */
export async function checkDecisions({ cases, seed }: { cases: number; seed: number }): Promise<Counts> {
  const counts: Counts = { seed, cases, worlds: 0, verdicts: {}, happenings: {}, roundTrips: {} };
  const random = randomOf(seeded(seed));
  const clock = { now: T0 };
  const engine = inProcessDynamoDb(spec, () => T0);
  const bare = createTable(engine.client(), spec.name);
  const seen = watch();
  const deps = { table: createTable(engine.client(seen.network), spec.name), now: () => clock.now };
  try {
    for (let asked = 0; asked < cases; ) {
      const world = await makeWorld(bare, random, T0);
      counts.worlds += 1;
      for (let at = 0; at < QUESTIONS_PER_WORLD && asked < cases; at++, asked++) {
        if (random.chance(0.5)) {
          const name = random.one(Object.keys(world.happenings) as (keyof typeof world.happenings)[]);
          await world.happenings[name]({ at: clock.now });
          count(counts.happenings, name);
        }
        clock.now = timeFor(world, random, clock.now);
        const question = questionOf(world, random, clock.now);
        try {
          await ask(world, question);
        } catch (error) {
          const said = JSON.stringify(question, null, 1);
          throw new Disagreement(`seed ${seed}, case ${asked}: ${String(error)}\n${said}`, { cause: error });
        }
      }
    }
  } finally {
    await engine.close();
  }
  return counts;

  async function ask(world: RandomWorld, question: Question): Promise<void> {
    const { on, verb, scopes, principal } = question;
    const token = `wht_${holderIn(principal)}_${String(random.below(2 ** 30)).padStart(43, "0")}`;
    const details = question.restriction?.map((part) => detailOf(world, part));
    const expires = { expires_ms: clock.now + 1, ttl: Math.floor(clock.now / 1_000) + 1 };
    const item = {
      ...keys.token(principal, token),
      client_id: principal,
      scopes,
      details,
      kind: "secret",
      key_id: question.key,
      ...expires,
    };
    await bare.put({ put: item, blind: "a test's own" });
    const { caller, ahead } = await authenticate({ ...deps, table: bare }, `Bearer ${token}`, readsOf(on));
    const located = locate(caller, question, ahead);
    const met = new Set(caller.met?.keys());

    seen.begin();
    let isDecided = false;
    const call = {
      caller,
      decided() {
        isDecided = true;
      },
    };
    const real = await outcomeOf(authorize(deps, call, located, { action: verb, what: ["thing", on] }));
    let cost = seen.end();
    if (!isDecided) throw new Error("nobody was told of the decision");
    if (real.is === "forbidden") {
      // Members are told who could grant it, which is no part of the decision.
      seen.begin();
      await judge(deps, caller, located, verb);
      cost = seen.end();
    }
    count(counts.roundTrips, cost.roundTrips);

    const expected = verdictOf(world.known, question);
    count(counts.verdicts, expected.is === "allowed" && expected.own ? "own" : expected.is);
    compare(
      real,
      expected,
      located !== undefined && isAllowedAtOnce(deps, caller, located, { action: verb }),
    );
    requireFew(world, question, { caller, located, met, ...cost });
    if (real.is === "allowed") {
      const asked = { action: verb, what: ["thing", on], whole: true } as const;
      compare(await outcomeOf(authorize(deps, call, located, asked)), expected, false);
    }
    // What is below a folder that is gone is hidden from those too who would see it if that stood.
    const isGone = lineOf(world.known, on) === undefined;
    if (
      expected.is === "hidden" &&
      !isGone &&
      located !== undefined &&
      walked(world, question, located) === 0 &&
      !hasStale(world, question, { caller, located }) &&
      !met.has(`WORKSPACES ${located.workspace_id}`)
    )
      await requireSameCost(caller, question, cost.calls);
  }

  /** A resource that is hidden, and one that isn't there, cost the same. */
  async function requireSameCost(caller: Caller, { verb }: Question, calls: string[]): Promise<void> {
    seen.begin();
    const missing = await judge(deps, caller, undefined, verb);
    const cost = seen.end();
    if (missing?.allowed) throw new Error("what isn't there is allowed");
    if (!isDeepStrictEqual(cost.calls.toSorted(), calls.toSorted()))
      throw new Error(`hidden costs ${calls.join(" ")}, missing ${cost.calls.join(" ")}`);
  }
}

function count(of: Record<string | number, number>, name: string | number): void {
  of[name] = (of[name] ?? 0) + 1;
}

/** Calls, and how many rounds they took: what begins before the first of a round has ended is part of it. */
function watch() {
  let [calls, roundTrips, inFlight]: [string[], number, number] = [[], 0, 0];
  const network: Network = async ({ action, run }) => {
    calls.push(action);
    if (inFlight++ === 0) roundTrips += 1;
    // What is asked for side by side has all been sent by then.
    await new Promise(setImmediate);
    const answer = await run();
    inFlight -= 1;
    return answer;
  };
  return {
    network,
    begin() {
      [calls, roundTrips] = [[], 0];
    },
    end: () => ({ calls, roundTrips }),
  };
}

/** Often the edge of some grant's life. */
function timeFor({ known }: RandomWorld, random: Random, now: number): number {
  const ends = known.grants.flatMap(({ expires, ended }) =>
    expires === undefined || ended ? [] : [expires],
  );
  if (ends.length === 0 || random.chance(0.4)) return now;
  return random.one(ends) + random.one([-1, 0, 1]);
}

/** Most are about what somebody has some right to, by those who have it. */
function questionOf({ known, holders, keysOf, epochOf }: RandomWorld, random: Random, now: number): Question {
  const { one, chance, some } = random;
  const places = [...known.workspaces.keys(), ...known.nodes.keys()];
  const grant = known.grants.length > 0 && chance(0.7) ? one(known.grants) : undefined;
  const able = holders.filter(
    (id) => id === grant?.holder || known.principals.get(id)?.groups.has(grant?.holder ?? ""),
  );
  const principal = able.length > 0 ? one(able) : one(holders);
  const mine = places.filter(
    (id) => known.nodes.get(id)?.kind === "file" && known.nodes.get(id)?.maker === principal,
  );
  const beneath = places.filter((id) => grant !== undefined && lineOf(known, id)?.includes(grant.on));
  const blindly = chance(0.3);
  const near = blindly && mine.length > 0 ? mine : beneath;
  const on = near.length > 0 && chance(0.8) ? one(near) : chance(0.07) ? freshId("file") : one(places);
  const verb = one(VERBS);
  const withheld: Scope[] = blindly && chance(0.7) ? ["admin", "files:read"] : ["admin"];
  const scopes: Scope[] =
    !blindly && chance(0.4)
      ? ["admin"]
      : some(
          allScopes.filter((scope) => !withheld.includes(scope)),
          0.4,
        );
  if (chance(0.85) && !scopes.includes("admin")) scopes.push(SCOPE_OF[verb]);
  const line = lineOf(known, on) ?? [];
  const restricted = () => {
    const to = line.length > 0 && chance(0.6) ? one(line) : one(places);
    const given = isWorkspace(to) || chance(0.9) ? known.nodes.get(to)?.workspace : undefined;
    // Before a file has gone to another, perhaps.
    const workspace = isWorkspace(to) ? to : (given ?? one([...known.workspaces.keys()]));
    return { on: to, workspace, actions: chance(0.5) ? [verb, "list" as const] : some(VERBS, 0.5) };
  };
  const parts = chance(0.3) ? Array.from({ length: random.below(3) }, restricted) : undefined;
  const thing =
    known.nodes.get(on)?.kind === "file" && chance(0.4)
      ? { maker: one([principal, ...holders]), alone: chance(0.5) }
      : undefined;
  const its = keysOf.get(principal) ?? [];
  const workspace = known.workspaces.get(line.at(-1) ?? "");
  const last = workspace === undefined ? 0 : epochOf(workspace);
  const epoch = Math.max(0, last - random.below(2));
  const handed = thing?.alone && chance(0.6) ? { epoch, isLast: epoch === last } : undefined;
  return {
    ...(handed === undefined ? {} : { handed }),
    ...{ principal, verb, on, now, scopes: [...new Set(scopes)] },
    ...(its.length > 0 && chance(0.4) ? { key: one(its) } : {}),
    ...(parts === undefined ? {} : { restriction: parts }),
    ...(thing === undefined ? {} : { thing }),
  };
}

function detailOf(
  { known }: RandomWorld,
  { on, workspace, actions }: { on: string; workspace: string; actions: string[] },
): GrantedDetail {
  const node = known.nodes.get(on);
  const allowed = VERBS.filter((verb) => actions.includes(verb));
  const common = { type: "file_access" as const, actions: allowed, workspace };
  return node === undefined ? common : { ...common, [node.kind]: on };
}

const isWorkspace = (id: string) => id.startsWith("ws_");
/** A workspace is asked about by itself, and sometimes by its root folder. */
const readsOf = (on: string) => [keys.node(isWorkspace(on) ? rootFolder(on) : on)];

function locate(
  caller: Caller,
  { on, thing, handed }: Question,
  ahead: Parameters<typeof nodeIn>[0],
): Located | undefined {
  if (isWorkspace(on))
    return caller.scopes.has("admin")
      ? { workspace_id: on }
      : locateNode(caller.id, nodeIn(ahead, rootFolder(on)));
  const located = locateNode(caller.id, nodeIn(ahead, on));
  if (located?.made === undefined || thing === undefined) return located;
  const by = thing.alone ? "thing" : "either";
  return {
    ...located,
    made: { ...located.made, by, handed: handed?.epoch, thing: thing.maker === caller.id ? "own" : "others" },
  };
}

async function outcomeOf(decided: ReturnType<typeof authorize>): Promise<Verdict> {
  try {
    const { own, sees, blind, has, onOwn } = await decided;
    return { is: "allowed", own, sees, blind, has: [...has].sort(), onOwn: [...onOwn].sort() };
  } catch (error) {
    if (!(error instanceof WharfError)) throw error;
    if (error.code === "not_found") return { is: "hidden" };
    if (error.code !== "forbidden") throw error;
    return { is: Object.hasOwn(error.facts, "required_action") ? "forbidden" : "no scope" };
  }
}

/** @param quick no more of its rights was read: what else its holder has there isn't known. */
function compare(real: Verdict, expected: Verdict, quick: boolean): void {
  if (quick && real.is === "allowed" && expected.is === "allowed") {
    const { has, onOwn, ...rest } = real;
    const { has: all, onOwn: allOnOwn, ...wanted } = expected;
    const isPart = has.every((one) => all.includes(one)) && onOwn.every((one) => allOnOwn.includes(one));
    if (isPart && isDeepStrictEqual(rest, wanted)) return;
  } else if (isDeepStrictEqual(real, expected)) return;
  throw new Error(`it is ${JSON.stringify(real)}, and should be ${JSON.stringify(expected)}`);
}

/** Reads that walking takes: of folders that no hint of one below them has. */
function walked(
  { known, hints }: RandomWorld,
  { on }: Question,
  { above, folder_id, workspace_id }: Located,
): number {
  const root = rootFolder(workspace_id);
  const read = new Set(above ?? (folder_id === undefined ? [] : [folder_id]));
  let steps = 0;
  const node = known.nodes.get(on);
  for (let at = node?.kind === "file" ? node.parent : on; at !== null && at !== root && !isWorkspace(at); ) {
    if (!read.has(at)) steps += 1;
    read.add(at);
    const found = known.nodes.get(at);
    if (found === undefined || found.gone) break;
    const next: string | null = found.parent;
    const hint = hints.get(at) ?? [];
    if (next !== null && !read.has(next) && hint.includes(next)) {
      steps += 1;
      for (const id of hint) read.add(id);
    }
    at = next;
  }
  return steps;
}

interface Cost {
  caller: Caller;
  located: Located | undefined;
  /** What had come with the token. */
  met: ReadonlySet<string>;
  calls: string[];
  roundTrips: number;
}

/**
 * No round trip in the root of a workspace that came with the token where a grant on it suffices; else one, but for walking,
 * groups with many grants, the organization of whoever is no member of it, and grants from before it was handed over.
 */
function requireFew(
  world: RandomWorld,
  question: Question,
  { caller, located, met, calls, roundTrips }: Cost,
): void {
  const { known, isInRecord } = world;
  const { groups } = caller.rights;
  const large = known.grants.some(
    (grant) => groups.includes(grant.holder) && !grant.ended && !isInRecord(grant),
  );
  const steps = located === undefined ? 0 : walked(world, question, located);
  const isFree = suffices(world, question, located) || isAllInRecord(world, question);
  const isBelow = located?.folder_id !== undefined && located.folder_id !== rootFolder(located.workspace_id);
  const further = large && !isFree ? 1 : 0;
  const workspace = known.workspaces.get(located?.workspace_id ?? "");
  const isMet = met.has(`WORKSPACES ${workspace?.id}`);
  const stranger = !Object.hasOwn(caller.rights.organizations, workspace?.organization ?? "");
  const stale = hasStale(world, question, { caller, located });
  const allowed =
    (isFree && !isBelow && isMet ? 0 : 1 + steps + further) + (stranger ? 1 : 0) + (stale ? 1 + further : 0);
  if (roundTrips > allowed)
    throw new Error(`it took ${roundTrips} round trips (${calls.join(" ")}) and may take ${allowed}`);
}

/** Whether it had something in that workspace, or was handed a link, before that or its organization was handed over: it has known it. */
function hasStale(
  { known }: RandomWorld,
  { handed }: Question,
  { caller, located }: Pick<Cost, "caller" | "located">,
): boolean {
  const workspace = known.workspaces.get(located?.workspace_id ?? "");
  if (handed?.isLast === false) return true;
  const holders = [caller.id, ...caller.rights.groups];
  const isOver = known.grants.some(
    (grant) => holders.includes(grant.holder) && grant.workspace === workspace?.id && grant.over,
  );
  const organization = workspace?.organization ?? "";
  const was = caller.rights.organizations[organization];
  const isRoleOver = was !== undefined && known.principals.get(caller.id)?.roles[organization] === undefined;
  const isKeyOver = caller.means?.some((key) => known.dead.get(key)?.has(organization)) ?? false;
  return isOver || isRoleOver || isKeyOver;
}

/** Whatever the answer. */
function isAllInRecord(
  { known, plain, isInRecord }: RandomWorld,
  { principal, restriction }: Question,
): boolean {
  const own = known.grants.filter(({ holder, ended }) => holder === principal && !ended);
  return principal === plain && restriction === undefined && own.every(isInRecord);
}

function suffices(
  { known, isInRecord }: RandomWorld,
  question: Question,
  located: Located | undefined,
): boolean {
  if (located === undefined || question.restriction !== undefined) return false;
  const { principal, now, verb, scopes } = question;
  const own = grantsAt(known, principal, [located.workspace_id], now).filter(
    (one) => one.holder === principal && isInRecord(one),
  );
  const has = own.flatMap(actionsOf);
  const reads = scopes.includes("admin") || scopes.includes("files:read");
  return reads && has.includes("list") && has.includes(verb);
}
