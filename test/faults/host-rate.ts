/** What all endpoints of one host are sent together, as docs/webhooks.md has it. */
import type { Arrival, Log, Taken } from "./arrivals.ts";
import { isVerified, wasKnown } from "./over-sent.ts";
import { SECOND } from "./time.ts";

/** Requests a second, and what may come at once after a rest: half a second's worth. */
const RATE = 50;
const KEPT = RATE / 2;
/** Up to a second's worth more, where several clients have endpoints there. */
const PARTS = RATE;
/** A worker takes so many of a host's rate in one write at most; so many more may come with the last of them. */
const SHARE = 10;
const INTERVAL_MS = SECOND / RATE;

/** Says where more was sent than there was room for, or without asking for room. */
export function unshared({ arrivals, taken, look }: Log): string[] {
  look();
  const sharing = Map.groupBy(
    arrivals.map((one, index) => ({ ...one, index })).filter(shares),
    ({ url }) => new URL(url).host,
  );
  return [...sharing].flatMap(([host, all]) => [...tooFast(host, all), ...unasked(host, all, taken)]);
}

/**
 * Whether it takes from its host's rate. A verified endpoint that was alone there when a delivery was written has its own
 * rate for that; but not for what was under way before a change of the endpoint.
 */
function shares(arrival: Arrival): boolean {
  const { hook, state, row, since } = arrival;
  if (hook === undefined) return false;
  if (!isVerified(state)) return true;
  if (row === undefined) return false;
  return row.host_clients !== 0 || (row.epoch !== hook.epoch && wasKnown(arrival, since));
}

function tooFast(host: string, all: readonly Arrival[]): string[] {
  const clients = new Set(all.map(({ hook }) => hook?.client_id)).size;
  const kept = KEPT + SHARE + (clients > 1 ? PARTS : 0);
  for (const [from, { at: begin }] of all.entries())
    for (let to = from + 1; to < all.length; to++) {
      const seconds = ((all[to]?.at ?? 0) - begin) / SECOND;
      const count = to - from + 1;
      if (count > kept + RATE * seconds) return [`${host}: ${count} requests within ${seconds} s`];
    }
  return [];
}

/** Each request was taken from the rate before it came: a write takes one where it is a host's first, and up to ten later. */
function unasked(
  host: string,
  all: readonly (Arrival & { index: number })[],
  taken: readonly Taken[],
): string[] {
  const mine = taken.filter((one) => one.host === host);
  for (const [sent, { index, received }] of all.entries()) {
    const room = mine
      .filter(({ arrivals }) => arrivals <= index)
      .reduce((sum, { byMs = INTERVAL_MS }) => sum + Math.min(SHARE, byMs / INTERVAL_MS), 0);
    if (sent >= room)
      return [
        `${host} was sent ${received.headers["x-delivery-id"]} as its request ${sent + 1}, and ${room} were taken of its rate`,
      ];
  }
  return [];
}
