/**
 * What a story has left, without what differs from run to run: ids, times, secrets and hashes. Two runs that ended in
 * the same way have the same view.
 */
import { decodeTime } from "ulid";
import * as z from "zod";
import { kindOf } from "./calls.ts";
import type { Stage } from "./stage.ts";
import { isGone } from "./time.ts";

type Dump = readonly Record<string, unknown>[];

/** A view: lines, sorted, so that two differ by what a reader sees. */
export type View = readonly string[];

/** Items that tell nothing of how a story ended. */
const PASSING = [
  "CLIENT.TOKEN", // asked for anew as time passes
  "SETTING",
  "HOST",
  "HOST.CLIENT",
  "PATH", // hints, checked where they matter
  "PATH.FILE",
  "IDEM", // whose answers are asked for again instead
  "PLACES",
  "HOOK.WAKE_UP", // when somebody asks again
  "LOCKS.COUNT", // counted anew by the sweep
  "SESSIONS.COUNT",
];

/** Attributes that say how a state came about, and not which it is. */
const INCIDENTAL = new Set([
  "due_sk",
  "ttl",
  "attempt",
  "latest_attempt",
  "epoch",
  "turn_by",
  "host_clients",
  "assembled",
  "turned_by",
  "request_id",
  "latency_ms",
  "answered_ms",
  "turn_ms",
  "turn_by",
  "host_clients",
  "assembled",
  "host_clients",
  "sent_ms",
  "trial_ms",
  "judged",
  "rearms",
  "rearmed_by",
  "s3_upload_id",
  "due_failures",
  "try_id",
  // Hints of where it was, which are proved wherever they matter.
  "above",
  "hint_path",
  // Bounds, which only grow, also for what is refused then: `tree.ts` has what they must be.
  "reach_levels",
  "reach_bytes",
  // An earlier or later finalize of the same session.
  "assembling",
]);

const ID =
  /\b(upl|file|ver|fld|evt|shr|ws|cli|hook|dlv|lock|job|att|ping|test|org|usr|grp|grt|key|sec|inv|trf)_([0-9A-HJKMNP-TV-Z]{26})\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/**
 * Numbers ids by when they were made, each kind for itself: the first file is `file_1`. Ids of one moment share a
 * number.
 */
function numbering(text: string): Map<string, string> {
  const times = new Map<string, Set<number>>();
  for (const [, prefix = "", ulid = ""] of text.matchAll(ID)) {
    const of = times.get(prefix) ?? new Set();
    times.set(prefix, of.add(decodeTime(ulid)));
  }
  const numbers = new Map<string, string>();
  for (const [prefix, all] of times) {
    const order = [...all].sort((a, b) => a - b);
    for (const [index, time] of order.entries()) numbers.set(`${prefix} ${time}`, `${prefix}_${index + 1}`);
  }
  return numbers;
}

/** Makes values of different runs alike. `numbered: false` leaves out which id is which. */
export function scrubber(all: unknown, { numbered }: { numbered: boolean }) {
  const numbers = numbered ? numbering(JSON.stringify(all, plain)) : new Map<string, string>();
  const id = (_: string, prefix: string, ulid: string) =>
    numbers.get(`${prefix} ${decodeTime(ulid)}`) ?? `${prefix}_`;
  const text = (value: string) =>
    value
      .replace(/^https?:\/\/\S+$/, "<url>")
      .replace(ID, id)
      .replace(TIME, "<time>")
      .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>")
      .replace(/\b[0-9a-f]{64}\b/g, "<hash>")
      .replace(/\b(whs|whsec|whu|wlk|wl)_[\w+/=-]{20,}/g, "<secret>")
      .replace(/^scrypt\$.*/, "<password>")
      // A form's, each by its moment and its key.
      .replace(/^eyJleHBpcmF0aW9u[\w+/=]+$/, "<policy>")
      .replace(/^AKIA\w+\/\d{8}\/[\w-]+\/s3\/aws4_request$/, "<credential>")
      .replace(/^\d{8}T\d{6}Z$/, "<time>");
  function scrub(value: unknown, name = ""): unknown {
    if (value instanceof Set) return scrub([...value].sort(), name);
    if (Array.isArray(value)) return value.map((one) => scrub(one));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(
        Object.entries(value)
          // A session's folder is what was there at its start.
          .filter(([member]) => !(member === "folder_id" && "upload_id" in value && "state" in value))
          // A folder's path as well, of which its own name and parent are the truth.
          .filter(
            ([member]) =>
              !(member === "path" && "pk" in value && "parent_id" in value && !("purge_ms" in value)),
          )
          .filter(
            ([member, inner]) =>
              !INCIDENTAL.has(member) && !/^(ok|bad|slot)_\d+$/.test(member) && inner !== undefined,
          )
          .map(([member, inner]): [string, unknown] => [text(member), scrub(inner, member)])
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    }
    // What is left of a lease by the clock of whoever says so.
    if (name.endsWith("_ms") || name === "renew_after_seconds" || name === "last_used") return "<time>";
    if (typeof value !== "string") return value;
    if (name === "body" && value.startsWith("{")) return scrub(JSON.parse(value));
    if (name === "due_pk" || name === "open_pk") return value.replace(/#.*/, "");
    if (/token|secret|api_key|cursor|lease$|current$|previous$/.test(name)) return "<secret>";
    return text(value);
  }
  return scrub;
}

const plain = (_: string, value: unknown) => (value instanceof Set ? [...value] : value);

/** What the trash lists now, before it is emptied. */
export async function trashOf(stage: Stage, { numbered }: { numbered: boolean }): Promise<View> {
  const dump = await stage.world.dump();
  const scrub = scrubber(dump, { numbered });
  return dump
    .filter((item) => kindOf(keyed.parse(item)) === "TRASH")
    .map((item) => `TRASHED ${JSON.stringify(scrub(item))}`)
    .sort();
}

/** How everything stands now. */
export async function viewOf(
  stage: Stage,
  { numbered, ordered = true }: { numbered: boolean; ordered?: boolean },
): Promise<View> {
  const dump = (await stage.world.dump()).filter((item) => !isGone(item));
  const scrub = scrubber(dump, { numbered });
  const bare = emptyFolders(dump);
  const kept = dump.filter((item) => !PASSING.includes(kindOf(keyed.parse(item))) && !bare.has(item));
  const ranks = ordered ? ranksOf(dump) : new Map<string, number>();
  const placed = (item: Record<string, unknown>) =>
    "event_id" in item && "seq" in item
      ? { ...item, sk: "", seq: ranks.get(String(item["event_id"])) }
      : item;
  const items = kept.map((item) => `${kindOf(keyed.parse(item))} ${JSON.stringify(scrub(placed(item)))}`);
  const objects = (await stage.objects()).map((one) => `OBJECT ${JSON.stringify(scrub(one))}`);
  return [...items, ...objects].sort();
}

const toldOf = z.object({
  type: z.string(),
  actor: z.object({ type: z.string() }),
  file_id: z.string().optional(),
  share_id: z.string().optional(),
  data: z.object({
    version_id: z.string().optional(),
    webhook_id: z.string().optional(),
    folder_id: z.string().optional(),
  }),
});

/**
 * Places of events among those of one thing: what the sweep does to several in one minute has no order. The log as a
 * whole is checked by its own rules.
 */
function ranksOf(dump: Dump): Map<string, number> {
  const events = dump.filter((item) => String(item["pk"]).startsWith("EVT#") && item["seq"] !== undefined);
  const subject = (item: Record<string, unknown>) => {
    const { type, actor, file_id, share_id, data } = toldOf.parse(JSON.parse(String(item["body"])));
    if (type.startsWith("folder_")) return data.folder_id;
    return share_id ?? (actor.type === "system" ? data.version_id : undefined) ?? file_id ?? data.webhook_id;
  };
  const ranks = new Map<string, number>();
  for (const group of Map.groupBy(events, subject).values()) {
    const order = group.toSorted((a, b) => Number(a["seq"]) - Number(b["seq"]));
    for (const [index, item] of order.entries()) ranks.set(String(item["event_id"]), index + 1);
  }
  return ranks;
}

/**
 * Folders that nothing lies in, with their names: they are made before the file, and stay where that is not made after
 * all. See docs/decisions.md, known limits. Not those that somebody has made, moved or deleted by a call of its own.
 */
function emptyFolders(dump: Dump): Set<Record<string, unknown>> {
  const found = new Set<Record<string, unknown>>();
  const own = new Set(
    dump
      .filter((item) => ["created_by", "updated_at", "deleted_by"].some((name) => item[name] !== undefined))
      .map((item) => item["node_id"]),
  );
  for (let before = -1; before < found.size; ) {
    before = found.size;
    const entries = dump.filter((item) => String(item["pk"]).startsWith("DIR#") && !found.has(item));
    const held = new Set(entries.map(({ pk }) => String(pk).slice(4)));
    for (const item of dump) {
      const isFolder = item["kind"] === "folder" && (item["parent_id"] ?? null) !== null;
      const isName = item["kind"] === "folder" && String(item["pk"]).startsWith("DIR#");
      const { node_id } = item;
      if ((isFolder || isName) && !own.has(node_id) && !held.has(String(node_id))) found.add(item);
    }
  }
  return found;
}

const members = z.record(z.string(), z.unknown());
const keyed = z.looseObject({ pk: z.string(), sk: z.string() });

/**
 * The same where several attempts are under way: how many there were, and what was counted on the way, follows from who
 * came when. What each delivery, endpoint and event came to doesn't.
 */
export function loosened(view: View): View {
  return view.flatMap((line) => {
    const [kind = ""] = line.split(" ");
    if (kind === "ATT" || kind.startsWith("FEED") || line.includes('"webhook_test"')) return [];
    const all = members.parse(JSON.parse(line.slice(kind.length)));
    const kept = Object.entries(all).filter(([name]) => {
      if (name === "seq") return false;
      if (kind === "DLV") return ["event_type", "trigger", "status", "pk"].includes(name);
      return kind !== "HOOK.STATE" || /^(open|paused|failing_since|verified|probe)/.test(name);
    });
    return [`${kind} ${JSON.stringify(Object.fromEntries(kept))}`];
  });
}

/** What an API answered: its status, and its body or code. */
export async function answered(answer: Response): Promise<{ status: number; code?: string; body?: unknown }> {
  const text = answer.headers.get("content-type")?.includes("json") ? await answer.text() : "";
  const body: unknown = text === "" ? undefined : JSON.parse(text);
  if (answer.status < 400) return { status: answer.status, body };
  const { data } = z.object({ code: z.string() }).safeParse(body);
  return { status: answer.status, ...(data && { code: data.code }) };
}

/** Where two views differ, a few lines of each. */
export function difference(view: View, from: View): string {
  const lack = (a: View, b: View) => {
    const left = [...b];
    return a.filter((line) => {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  const [more, fewer] = [lack(view, from), lack(from, view)];
  return Array.from({ length: Math.min(4, Math.max(more.length, fewer.length)) }, (_, at) =>
    told(more[at], fewer[at]),
  ).join("\n");
}

/** Two lines as far as they differ, or the one that there is. */
function told(is: string | undefined, not: string | undefined): string {
  if (is === undefined || not === undefined || is.split(" ")[0] !== not.split(" ")[0])
    return [is && `    is  ${is.slice(0, 300)}`, not && `    not ${not.slice(0, 300)}`]
      .filter(Boolean)
      .join("\n");
  const [kind = ""] = is.split(" ");
  const [a, b] = [is, not].map((line) => members.parse(JSON.parse(line.slice(kind.length))));
  const differing = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])].filter(
    (name) => JSON.stringify(a?.[name]) !== JSON.stringify(b?.[name]),
  );
  const of = (all: Record<string, unknown> = {}) =>
    JSON.stringify(Object.fromEntries(differing.map((name) => [name, all[name]]))).slice(0, 300);
  const named = (all: Record<string, unknown> = {}) => String(all["name"] ?? all["type"] ?? all["pk"]);
  return `    ${kind} ${named(a)}: is ${of(a)}\n      not ${of(b)}`;
}
