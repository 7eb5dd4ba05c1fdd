/**
 * All endpoints of one host together are sent 50 requests a second, however many workers there are: each takes a share
 * of the host's rate in one write, and gives it out by itself.
 */
import { keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import { type Deps, ttl } from "./deps.ts";
import { trimEndOf } from "./trim-end-of.ts";
import { hostRecord } from "./webhook-records.ts";

/** Requests per second to all endpoints of a host together. */
export const HOST_RATE = 50;
const INTERVAL_MS = 1_000 / HOST_RATE;
/** What isn't used of the rate is kept for so long. */
const BURST_MS = 500;
/** A share is used within a second, or lapses: a worker may never be asked again. */
const SHARE_MS = 1_000;
/** A worker that uses its shares up takes twice as much each time, up to this: a write for ten requests. */
const MAX_SHARE = 10;
const ROUNDS = 20;
/** Hosts whose shares have lapsed are forgotten beyond so many. */
const MAX_HOSTS = 1_000;

interface Share {
  left: number;
  until: number;
  size: number;
  /** When the host's next request is due, as far as this worker knows (ms). */
  turn: number;
  /** Whether others were sending to it when this worker was last surprised by them, or by their absence. */
  busy: boolean;
  taking?: Promise<void> | undefined;
}

export type HostShares = ReturnType<typeof createHostShares>;

/** Name and port of a URL, as shares are kept by. */
export function hostOf(url: string): string {
  const { hostname = url, port = "" } = URL.parse(url) ?? {};
  return `${trimEndOf(hostname, ".")}:${port}`;
}

/** The shares of one worker. */
export function createHostShares({ table, now }: Pick<Deps, "table" | "now">) {
  const shares = new Map<string, Share>();

  function shareOf(host: string): Share {
    const known = shares.get(host);
    if (known !== undefined) return known;
    if (shares.size >= MAX_HOSTS)
      for (const [name, { until, taking }] of shares)
        if (taking === undefined && until <= now()) shares.delete(name);
    const share = { left: 0, until: 0, size: 1, turn: 0, busy: false };
    shares.set(host, share);
    return share;
  }

  async function takeShare(host: string, share: Share): Promise<void> {
    const at = now();
    const size = share.until > at ? Math.min(2 * share.size, MAX_SHARE) : 1;
    const floor = at - BURST_MS;
    const rested = !share.busy && share.turn <= floor;
    try {
      const item = await table.update({
        key: keys.host(host),
        update: `SET #turn_ms = ${rested ? ":first" : "#turn_ms + :more"}, #ttl = :ttl`,
        condition: rested
          ? "attribute_not_exists(#turn_ms) OR #turn_ms <= :floor"
          : "#turn_ms > :floor AND #turn_ms < :now",
        values: {
          ...(rested ? { first: floor + size * INTERVAL_MS } : { more: size * INTERVAL_MS, now: at }),
          floor,
          ttl: ttl(at + 86_400_000),
        },
      });
      Object.assign(share, { left: size, size, until: at + SHARE_MS, turn: hostRecord.parse(item).turn_ms });
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      share.turn = error.item === undefined ? 0 : hostRecord.parse(error.item).turn_ms;
      share.busy = share.turn > floor;
    }
  }

  return {
    /** Takes one request of a host's rate: `undefined`, or when there is room again (ms). */
    async take(host: string): Promise<number | undefined> {
      const share = shareOf(host);
      for (let round = 0; round < ROUNDS; round++) {
        if (share.left > 0 && share.until > now()) {
          share.left -= 1;
          return undefined;
        }
        if (share.turn >= now()) return share.turn;
        share.taking ??= takeShare(host, share).finally(() => {
          share.taking = undefined;
        });
        await share.taking;
      }
      return now() + SHARE_MS;
    },
    /** No use was made of it. */
    giveBack(host: string): void {
      const share = shareOf(host);
      if (share.until > now()) share.left += 1;
    },
  };
}
