/** What endpoints are sent, by the turns and leases that it takes: so many at once, so many a second, and each once. */

import type { HookState } from "#core/attempts/records.ts";
import { takenUntil } from "#core/turns/slots.ts";
import type { Received } from "#test/support/receiver.ts";
import type { Arrival, Change } from "./arrivals.ts";
import { SECOND } from "./time.ts";

/** Says which of them broke their limits; nothing where none. */
export function overSent(arrivals: readonly Arrival[], changes: readonly Change[]): string[] {
  return [...tooMany(arrivals), ...tooFast(arrivals), ...atOnce(arrivals), ...withoutTurn(arrivals, changes)];
}

export const isVerified = ({ verified_ms, last_success_ms }: HookState) =>
  verified_ms !== undefined || last_success_ms !== undefined;
const isTest = ({ received }: Arrival) => received.headers["x-event-type"] === "webhook_test";
export const eventOf = ({ headers }: Received) => headers["webhook-id"];

/** How many requests may be under way to an endpoint, before and after its URL is verified, and while it fails. */
const AT_ONCE = { unverified: 1, verified: 20, failing: 2 };

/** So long before its time a worker may read a delivery: half a second, by a clock that is three ahead (ms). */
const EARLY_MS = 3.5 * SECOND;

/** Whether something had happened to its endpoint before whoever sent it may have read that. */
export const wasKnown = ({ row }: Arrival, since: number | undefined): boolean =>
  row !== undefined && since !== undefined && since < row.next_ms - EARLY_MS;

function tooMany(arrivals: readonly Arrival[]): string[] {
  const most = (one: Arrival) => {
    if (!isVerified(one.state)) return AT_ONCE.unverified;
    return wasKnown(one, one.failsSince) ? AT_ONCE.failing : AT_ONCE.verified;
  };
  return arrivals
    .filter(
      (one) => one.hook !== undefined && !(isTest(one) && isVerified(one.state)) && one.underWay >= most(one),
    )
    .map(({ url, underWay }) => `${url} was sent a request while ${underWay} were under way`);
}

/** A second's worth after a rest, up to three where deliveries were waiting; one a second before a URL is verified. */
const KEPT_SECONDS = 3;

/** No endpoint is sent more than its rate, as it is when the request arrives. */
function tooFast(arrivals: readonly Arrival[]): string[] {
  const spans = Map.groupBy(
    // Tests by hand take no turn of a verified endpoint's.
    arrivals.filter((one) => one.hook !== undefined && !(isTest(one) && isVerified(one.state))),
    ({ hook, state }) =>
      `${hook?.url}${isVerified(state) ? `, ${hook?.rate_per_second} a second` : ", unverified"}`,
  );
  return [...spans].flatMap(([name, span]) => {
    const [first] = span;
    const verified = first !== undefined && isVerified(first.state);
    const rate = verified ? (first.hook?.rate_per_second ?? 1) : 1;
    const kept = verified ? KEPT_SECONDS * rate : 0;
    for (const [from, { at: begin }] of span.entries())
      for (let to = from + 1; to < span.length; to++) {
        const seconds = ((span[to]?.at ?? 0) - begin) / SECOND;
        const count = to - from + 1;
        if (count > 1 + kept + rate * seconds) return [`${name}: ${count} requests within ${seconds} s`];
      }
    return [];
  });
}

/** An attempt is one worker's alone, as long as it lasts: that is what its lease is for. */
function atOnce(arrivals: readonly Arrival[]): string[] {
  return arrivals
    .filter(({ twin }) => twin)
    .map(({ url, received }) => `${url} was sent ${eventOf(received)} while an attempt of it was under way`);
}

/** Each request has a turn of its own, taken while its URL was the endpoint's: who is late for that sends nothing. */
function withoutTurn(arrivals: readonly Arrival[], changes: readonly Change[]): string[] {
  const turns = Map.groupBy(changes.filter(takesSlot), ({ hook }) => hook?.url);
  const sent = Map.groupBy(
    // Tests by hand take no turn of a verified endpoint's.
    arrivals.filter((one) => !isTest(one)),
    ({ url }) => url,
  );
  return [...sent].flatMap(([url, all]) => {
    const count = turns.get(url)?.length ?? 0;
    return all.length > count
      ? [`${url} was sent ${all.length} requests, and ${count} turns were taken there`]
      : [];
  });
}

const takesSlot = ({ state, before }: Change) =>
  Object.keys(state).some(
    (name) => name.startsWith("slot_") && takenUntil(state, name) > 0 && state[name] !== before.state[name],
  );
