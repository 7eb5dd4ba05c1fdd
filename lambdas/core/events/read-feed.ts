import { keys, under } from "#aws/keys.ts";
import { type Event, type EventType, event } from "#contract/events.ts";
import type { WaitDeps } from "#core/accounts/deps.ts";
import { startWaiting } from "#core/accounts/start-waiting.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { type FolderLookup, foldersAbove, foldersOf } from "#core/tree/event-folders.ts";
import { defaultWorkspace, requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import { type Hearer, hearerOf } from "./may-hear.ts";
import { eventRecord, feedEntry, feedHead } from "./records.ts";

export interface FeedQuery {
  workspace?: string | undefined;
  /** The log of what is about an organization itself, in the place of a workspace's. */
  organization?: string | undefined;
  after?: string | undefined;
  wait: number;
  type?: readonly EventType[] | undefined;
  folder?: string | undefined;
  limit: number;
}

export const POLL_MS = 500;
const PAGE = 100;
/** Pages looked through for one answer; a filter that little passes gets an empty answer with a further cursor. */
const MAX_PAGES = 20;
/** Lambda: an answer has 6 MB at most. */
const MAX_BYTES = 4_000_000;
/** A number that is missing for longer than this has expired; younger, its transaction may be becoming visible. */
const GAP_MS = 60_000;

type Entry = ReturnType<typeof feedEntry.parse>;

/**
 * A workspace's events after a cursor, in the one order that every reader sees; where there are none, waits for
 * some, up to `wait` seconds.
 *
 * @throws WharfError not_found, invalid_cursor; wait_limit; unauthenticated where the client is revoked meanwhile
 */
export async function readFeed(
  deps: WaitDeps,
  call: Call,
  query: FeedQuery,
): Promise<{ items: Event[]; next_cursor: string }> {
  const { caller } = call;
  if (query.organization !== undefined && query.workspace !== undefined)
    throw new WharfError(
      "invalid_request",
      "Name a workspace or an organization: each has a log of its own.",
    );
  const workspace =
    query.organization ??
    (await requireWorkspaceNamed(deps, caller, query.workspace ?? defaultWorkspace(caller)));
  let hears = await hearerOf(deps, call, workspace);
  const list = `events ${workspace}`;
  const deadline = deps.now() + query.wait * 1000;
  const lookup: FolderLookup = new Map();
  let seq =
    query.after === "latest" ? await headOf(deps, workspace) : sequence(readCursor(list, query.after) ?? "0");
  const waiting = startWaiting(deps, "events", caller);
  try {
    for (let pages = 0; ; pages++) {
      const { entries, more } = await nextEntries(deps, workspace, seq);
      let { items, last } = await pick(deps, entries, query, { lookup, hears });
      if (items.length > 0 && waiting.hasWaited()) {
        // What it could do when the call began it may have lost while it waited.
        hears = await hearerOf(deps, { ...call, caller: (await waiting.look()).caller }, workspace);
        ({ items, last } = await pick(deps, entries, query, { lookup: new Map(), hears }));
      }
      seq = last ?? seq;
      const next_cursor = cursorAfter(list, String(seq));
      if (items.length > 0 || pages === MAX_PAGES) return { items, next_cursor };
      if (more) continue;
      pages = 0;
      const left = deadline - deps.now();
      if (left <= 0) return { items, next_cursor };
      const seen = await waiting.pause(Math.min(POLL_MS, left));
      if (seen !== undefined) hears = await hearerOf(deps, { ...call, caller: seen }, workspace);
    }
  } finally {
    await waiting.end();
  }
}

function sequence(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new WharfError("invalid_cursor", "The cursor is not one that this list gave.");
}

async function headOf({ table }: Pick<Deps, "table">, workspace: string): Promise<number> {
  return (await table.get(feedHead, keys.feedHead(workspace)))?.seq ?? 0;
}

/** Places in the log after `seq`, up to the first that isn't there yet. */
async function nextEntries(deps: TableDeps, workspace: string, seq: number) {
  const { items, next } = await deps.table.query({
    where: "#pk = :pk AND #sk BETWEEN :first AND :last",
    values: {
      pk: keys.feedHead(workspace).pk,
      first: keys.feedEntry(workspace, seq + 1).sk,
      last: `${under.feed}~`,
    },
    limit: PAGE,
  });
  const entries: Entry[] = [];
  let expected = seq + 1;
  for (const item of items) {
    const entry = feedEntry.parse(item);
    const gap = entry.seq !== expected && entry.at_ms > deps.now() - GAP_MS;
    if (gap && !(await hasExpired(deps, workspace, entry))) return { entries, more: false };
    entries.push(entry);
    expected = entry.seq + 1;
  }
  return { entries, more: next !== undefined };
}

/**
 * Whether what came before a fresh entry has expired. A query may see one item of a transaction before another, and
 * then what is missing ends what can be told; but in a quiet workspace the last event before may be 90 days old. Where
 * that has expired, nothing before it is still to be seen.
 */
async function hasExpired(
  { table }: Pick<Deps, "table">,
  workspace: string,
  { seq }: Entry,
): Promise<boolean> {
  return (await table.isThere(keys.feedEntry(workspace, seq - 1))) === false;
}

/** The events of these entries that pass the filters, and the number of the last entry that was looked at. */
async function pick(
  deps: Pick<Deps, "table">,
  entries: readonly Entry[],
  { type, folder, limit }: FeedQuery,
  { lookup, hears }: { lookup: FolderLookup; hears: Hearer },
): Promise<{ items: Event[]; last: number | undefined }> {
  const wanted = entries.filter((entry) => type === undefined || type.some((name) => name === entry.type));
  // An event may have two places: before its put had a condition, one that came late could wipe the first.
  const ids = new Set(wanted.map(({ event_id }) => event_id));
  const found = await deps.table.batchGet([...ids].map((id) => keys.event(id)));
  const records = new Map(found.map((item) => eventRecord.parse(item)).map((one) => [one.event_id, one]));
  const items: Event[] = [];
  let bytes = 0;
  let last: number | undefined;
  for (const entry of entries) {
    const { body, seq = entry.seq } = records.get(entry.event_id) ?? {};
    if (body !== undefined && seq === entry.seq) {
      bytes += Buffer.byteLength(body);
      if (items.length === limit || (items.length > 0 && bytes > MAX_BYTES)) break;
      const candidate = event.parse(JSON.parse(body));
      const isThere = folder === undefined || (await isIn(deps, candidate, folder, lookup));
      if (isThere && (await hears(candidate, lookup))) items.push(candidate);
    }
    last = entry.seq;
  }
  return { items, last };
}

async function isIn(deps: Pick<Deps, "table">, candidate: Event, folder: string, lookup: FolderLookup) {
  for (const place of await foldersOf(deps, candidate, lookup)) {
    if ((await foldersAbove(deps, place, lookup)).has(folder)) return true;
  }
  return false;
}
