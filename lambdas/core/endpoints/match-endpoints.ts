import { type Key, keys, nameOfKey } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { Event, EventType } from "#contract/events.ts";
import { actingAs, makerKeys } from "#core/accounts/authenticate.ts";
import { type HookRecord, type HookState, hookRecord, hookState } from "#core/attempts/records.ts";
import { endpointHearer, type Hearer, hearerBy } from "#core/events/may-hear.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { readable } from "#core/kernel/readable.ts";
import { type FolderLookup, foldersAbove, foldersOf } from "#core/tree/event-folders.ts";
import { hostOf } from "#core/turns/host-shares.ts";

/** An endpoint, and those of the events that it wants. */
export interface Subscription {
  hook: HookRecord;
  state: HookState;
  /** Clients that have endpoints at the same host; 0 where there is no other endpoint. */
  hostClients: number;
  events: Event[];
}

/** What is told of other endpoints is about no file: whose folders are some hears of it all the same. */
const OF_ENDPOINTS: ReadonlySet<EventType> = new Set(["webhook_failing", "webhook_disabled"]);
/** Pages of endpoints, of up to 1 MB each: some 2,000. */
const MAX_PAGES = 20;
/** Endpoints about which is decided at once: that of one whose rights stand elsewhere takes a read. */
const PARALLEL = 25;

/**
 * Which endpoints want which events: by type, by folder, and only where the endpoint's maker may have webhooks for it at
 * this moment, with the scopes and the restriction that it was made with. Disabled endpoints are among them.
 */
export async function matchEndpoints(deps: TableDeps, events: readonly Event[]): Promise<Subscription[]> {
  const all = await readHooks(deps);
  const hooks = all.filter((hook) => events.some((event) => wantsType(hook, event)));
  if (hooks.length === 0) return [];
  const [makers, states] = await readOwners(deps, hooks);
  const enabled = all.filter(({ disabled_at }) => disabled_at === undefined);
  const atHosts = Map.groupBy(enabled, ({ url }) => hostOf(url));
  const lookup: FolderLookup = new Map();
  const matched = await inParallel(hooks, PARALLEL, async (hook): Promise<Subscription | undefined> => {
    const hears = makers.get(hook);
    const wanted = hears === undefined ? [] : await wantedOf(hook, hears);
    if (wanted.length === 0) return undefined;
    return {
      hook,
      state: states.get(hook.webhook_id) ?? {},
      hostClients: countClients(atHosts.get(hostOf(hook.url)) ?? []),
      events: wanted,
    };
  });
  return matched.filter((one) => one !== undefined);

  async function wantedOf(hook: HookRecord, hears: Hearer): Promise<Event[]> {
    const wanted: Event[] = [];
    for (const event of events) {
      if (!wantsType(hook, event) || !(await hears(event, lookup))) continue;
      // What is told of an endpoint (that it fails, that it is disabled) is told to others.
      if (event.data["webhook_id"] === hook.webhook_id) continue;
      if (
        hook.folders.length > 0 &&
        !OF_ENDPOINTS.has(event.type) &&
        !(await inFolders(deps, event, hook.folders, lookup))
      )
        continue;
      wanted.push(event);
    }
    return wanted;
  }
}

/** Every endpoint, strongly consistent: one that has just been registered hears of what follows. */
export async function readHooks(deps: TableDeps): Promise<HookRecord[]> {
  const hooks: HookRecord[] = [];
  let after: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await deps.table.query({
      where: "#pk = :pk",
      values: { pk: keys.hook("").pk },
      after,
    });
    hooks.push(...readable(deps, hookRecord, items));
    if (next === undefined) return hooks;
    after = next;
  }
  throw new Error(`there are more than ${hooks.length} endpoints`);
}

async function readOwners(deps: TableDeps, hooks: readonly HookRecord[]) {
  const items = await deps.table.batchGet([
    ...keysOfMakers(hooks),
    ...hooks.map(({ webhook_id }) => keys.hookState(webhook_id)),
  ]);
  const [ofStates, ofMakers] = partition(items, (item) => "webhook_id" in item);
  const makers = new Map<HookRecord, Hearer>();
  for (const [maker, its] of makersOf(deps, hooks, ofMakers)) {
    const hearer = endpointHearer(deps, maker);
    for (const hook of its) makers.set(hook, hearerBy(hearer, maker, hook));
  }
  const states = new Map(readable(deps, hookState, ofStates).map((state) => [state.webhook_id, state]));
  return [makers, states] as const;
}

/** What `makersOf` needs, each once. */
export function keysOfMakers(hooks: readonly HookRecord[]): Key[] {
  const all = hooks.flatMap((hook) => makerKeys(hook));
  return [...new Map(all.map((key) => [nameOfKey(key), key])).values()];
}

/**
 * Endpoints by their makers, with the terms that they were made with: who has a hundred alike is there once. Without those
 * whose maker is no more.
 *
 * @param items those of `keysOfMakers`
 */
export function makersOf(
  deps: TableDeps,
  hooks: readonly HookRecord[],
  items: readonly Item[],
): Map<Caller, HookRecord[]> {
  const byTerms = Map.groupBy(hooks, ({ client_id, scopes, made_by }) =>
    JSON.stringify([client_id, scopes, made_by?.key_id, made_by?.details]),
  );
  const makers = new Map<Caller, HookRecord[]>();
  for (const its of byTerms.values()) {
    const [first] = its;
    if (first === undefined) continue;
    const maker = actingAs(deps, first, items);
    if (maker !== undefined) makers.set(maker, its);
  }
  return makers;
}

function partition<T>(all: readonly T[], test: (one: T) => boolean): [T[], T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}

function countClients(hooks: readonly HookRecord[]): number {
  return hooks.length > 1 ? new Set(hooks.map(({ client_id }) => client_id)).size : 0;
}

function wantsType(hook: HookRecord, event: Event): boolean {
  return hook.events.includes("*") || hook.events.includes(event.type);
}

async function inFolders(
  deps: Pick<Deps, "table">,
  event: Event,
  wanted: readonly string[],
  lookup: FolderLookup,
): Promise<boolean> {
  for (const folder of await foldersOf(deps, event, lookup)) {
    const above = await foldersAbove(deps, folder, lookup);
    if (wanted.some((folderId) => above.has(folderId))) return true;
  }
  return false;
}
