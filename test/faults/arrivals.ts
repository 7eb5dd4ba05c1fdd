/**
 * What receivers see of their endpoints, beside how the table has these at that moment: in one order, by which rules of
 * docs/webhooks.md are checked that no end shows.
 */
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { TableStream } from "@wharf/local-cloud/dynamodb/stream.ts";
import type { Key } from "#aws/keys.ts";
import {
  type DeliveryRecord,
  deliveryRecord,
  type HookRecord,
  type HookState,
  hookRecord,
  hookState,
  hostRecord,
} from "#core/attempts/records.ts";
import type { Received } from "#test/support/receiver.ts";
import { kindOf } from "./calls.ts";
import { eventOf, isVerified, overSent } from "./over-sent.ts";
import { HOUR, SECOND } from "./time.ts";

/** A request, and its endpoint as it was then. */
export interface Arrival {
  at: number;
  url: string;
  received: Received;
  /** None where it has another URL by now, or is gone. */
  hook?: HookRecord;
  state: HookState;
  /** Since when it has been in this epoch, and since when it fails (ms). */
  since?: number | undefined;
  failsSince?: number | undefined;
  /** Its delivery; tests by hand have none yet. */
  row?: DeliveryRecord | undefined;
  /** Others of its URL that are neither answered nor given up. */
  underWay: number;
  /** One of those is of the same event. */
  twin: boolean;
}

/** A moment at which more of a host's rate was taken. */
export interface Taken {
  host: string;
  /** How far its turn moved on (ms); none where that was its first. */
  byMs?: number;
  arrivals: number;
}

/** A delivery that a 410 has ended. */
interface Refused {
  row: DeliveryRecord;
  arrivals: number;
  changes: number;
}

/** A change of an endpoint or its state. */
export interface Change {
  at: number;
  hook?: HookRecord;
  state: HookState;
  before: { hook?: HookRecord; state: HookState };
  /** How many requests had arrived at anybody. */
  arrivals: number;
}

export type Log = ReturnType<typeof keepLog>;

/** Keeps what happens from now on. `look` before time passes: a stream forgets. */
export function keepLog(stream: TableStream) {
  const arrivals: Arrival[] = [];
  const changes: Change[] = [];
  const taken: Taken[] = [];
  const refused: Refused[] = [];
  const known = new Map<string, Pick<Arrival, "hook" | "state" | "since" | "failsSince">>();
  const rows = new Map<string, DeliveryRecord>();
  const turns = new Map<string, number>();
  let seen = stream.latest();

  function look(): void {
    for (;;) {
      const { records } = stream.read({ after: seen, limit: 1_000 });
      if (records.length === 0) return;
      for (const { dynamodb } of records) note(dynamodb);
      seen = records.at(-1)?.dynamodb.SequenceNumber;
    }
  }

  function note({ Keys, NewImage }: { Keys: object; NewImage?: object }): void {
    // The stream's types and the SDK's say the same in different words.
    const read = (item: object) => unmarshall(item as Parameters<typeof unmarshall>[0]);
    const { pk, sk } = read(Keys);
    const kind = kindOf({ pk: String(pk), sk: String(sk) });
    const item = NewImage && read(NewImage);
    if (kind === "HOOKS" || kind === "HOOK.STATE")
      noteEndpoint(kind, { pk: String(pk), sk: String(sk) }, item);
    if (kind === "DLV" && item !== undefined) noteDelivery(deliveryRecord.parse(item));
    if (kind === "HOST" && item !== undefined)
      noteTurn(String(pk).replace("HOST#", ""), hostRecord.parse(item).turn_ms);
  }

  function noteEndpoint(kind: "HOOKS" | "HOOK.STATE", { pk, sk }: Key, item: object | undefined): void {
    const id = kind === "HOOKS" ? sk : pk.replace("HOOK#", "");
    const before = known.get(id) ?? { state: {} };
    const { hook, state, since, failsSince } = before;
    const at = Date.now();
    const now =
      kind === "HOOKS"
        ? { ...(item && { hook: hookRecord.parse(item) }), state }
        : { ...(hook && { hook }), state: hookState.parse(item ?? {}) };
    const fails = (now.state.failures ?? 0) > 0;
    known.set(id, {
      ...now,
      since: hook !== undefined && hook.epoch === now.hook?.epoch ? since : at,
      failsSince: fails ? (failsSince ?? at) : undefined,
    });
    changes.push({ at, ...now, before, arrivals: arrivals.length });
  }

  function noteDelivery(row: DeliveryRecord): void {
    const was = rows.get(row.delivery_id)?.reason;
    rows.set(row.delivery_id, row);
    if (row.reason === "endpoint_gone" && was !== row.reason)
      refused.push({ row, arrivals: arrivals.length, changes: changes.length });
  }

  function noteTurn(host: string, turn: number): void {
    const before = turns.get(host);
    turns.set(host, turn);
    taken.push({ host, ...(before !== undefined && { byMs: turn - before }), arrivals: arrivals.length });
  }

  return {
    arrivals,
    changes,
    taken,
    refused,
    look,
    /** Keeps a request to a receiver's URL. */
    arrive(url: string, received: Received): void {
      look();
      const found = [...known.values()].find(({ hook }) => hook?.url === url);
      const others = arrivals.filter((one) => one.url === url && one.received.over === undefined);
      const twin = others.some((one) => eventOf(one.received) === eventOf(received));
      const underWay = others.length;
      const row = rows.get(received.headers["x-delivery-id"] ?? "");
      arrivals.push({ at: Date.now(), url, received, ...(found ?? { state: {} }), row, underWay, twin });
    },
  };
}

/** Says which rules the requests and what followed from them break; nothing where none. */
export function unruly({ arrivals, changes, refused, look }: Log): string[] {
  look();
  return [
    ...overSent(arrivals, changes),
    ...changes.flatMap((change) => unfounded(change, arrivals)),
    ...refused.flatMap((one) => unrefused(one, arrivals, changes)),
  ];
}

/** What is found out of an endpoint follows from what its URL answered in the same epoch, and not before that. */
function unfounded({ at, hook, state, before, arrivals: count }: Change, all: readonly Arrival[]): string[] {
  if (hook === undefined) return [];
  const of = (epoch: string | undefined) =>
    all.slice(0, count).filter((one) => one.hook?.webhook_id === hook.webhook_id && one.hook.epoch === epoch);
  const found: string[] = [];
  const say = (what: string) =>
    void found.push(`${hook.webhook_id} ${what}, at ${new Date(at).toISOString()}`);
  const reason = before.hook?.disabled_at === undefined ? hook.disabled_reason : undefined;
  if (reason === "gone" && !of(hook.epoch).some(({ received }) => received.answered === 410))
    say("was disabled by no 410 of its own");
  const recent = all.slice(0, count).filter((one) => one.at > at - 120 * HOUR && one.hook?.url === hook.url);
  if (reason === "failing" && recent.some(isWell))
    say("was disabled as failing, and has answered with 2xx within 120 h");
  const answers = of(state.epoch);
  if (isVerified(state) && !isVerified(before.state) && !answers.some(isWell))
    say("is verified by no 2xx of its own");
  const grew = (name: "paused_until_ms" | "open_until_ms") => (state[name] ?? 0) > (before.state[name] ?? 0);
  if (grew("paused_until_ms") && !answers.some(({ received }) => received.answered === 503))
    say("is paused by no 503 of its own");
  const last = answers.filter((one) => one.received.answered !== undefined).at(-1);
  if (grew("open_until_ms") && (last === undefined || isWell(last)))
    say("has an open breaker, and its last answer was no failure");
  return found;
}

/** An answer of 410 ends its delivery only where it disables the endpoint, or finds that disabled. */
function unrefused(
  { row, arrivals: count, changes: known }: Refused,
  arrivals: readonly Arrival[],
  changes: readonly Change[],
): string[] {
  const { url } =
    arrivals
      .slice(0, count)
      .findLast(({ received }) => received.headers["x-delivery-id"] === row.delivery_id) ?? {};
  const disabled = changes
    .slice(0, known)
    .some(
      ({ hook }) => hook?.webhook_id === row.webhook_id && hook.url === url && hook.disabled_at !== undefined,
    );
  return disabled ? [] : [`${row.delivery_id} was ended by the 410 of ${url}, which disabled no endpoint`];
}

const isWell = ({ received: { answered } }: Arrival) =>
  answered !== undefined && answered >= 200 && answered < 300;

/** Jitter is ±20%: the longest wait is one and a half times the shortest. */
const JITTER = 1.5;
/** Messages come by whole seconds; what a lost one would cost, or a probe that blocks itself, is more. */
const MOMENT_MS = 30 * SECOND;

/** When each attempt came, by its event and number, from `start` on (ms); one that is set aside comes again as the same. */
export function timesOf({ arrivals }: Log, start: number): Map<string, number> {
  const ids = [...new Set(arrivals.map(({ received }) => received.headers["webhook-id"] ?? ""))].sort();
  const times = new Map<string, number>();
  for (const { at, received } of arrivals) {
    const { "webhook-id": id = "", "x-delivery-attempt": number } = received.headers;
    if (at < start) continue;
    const attempt = `attempt ${number} of event ${ids.indexOf(id) + 1}`;
    times.set(times.has(attempt) ? `${attempt}, made anew,` : attempt, at - start);
  }
  return times;
}

/** Attempts that came later than without the fault: none of those that nobody stands in the way of is to. */
export function late(times: ReadonlyMap<string, number>, plain: ReadonlyMap<string, number>): string[] {
  return [...times].flatMap(([name, ms]) => {
    const expected = plain.get(name);
    if (expected === undefined || ms <= expected * JITTER + MOMENT_MS) return [];
    return [`${name} came after ${ms / SECOND} s, and after ${expected / SECOND} s where nothing is wrong`];
  });
}
