/**
 * All endpoints of one host together are sent 50 requests a second, however many workers there are: each takes a share
 * of the host's rate in one write, and gives it out by itself.
 *
 * Who comes first has what is free. Where nothing is, a client still has its part of the rate, as many as there are
 * clients at the host: those requests are let ahead, and what is free waits for them. So nobody's events keep another
 * client's waiting for more than that, and a host with one client costs nothing for it.
 */
import { type Computed, plus } from "#aws/changes.ts";
import { type Key, keys, nameOfKey } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { hostRecord } from "#core/attempts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { ttl } from "#core/kernel/time.ts";
import { trimEndOf } from "#core/kernel/trim-end-of.ts";

/** Requests per second to all endpoints of a host together. */
export const HOST_RATE = 50;
const INTERVAL_MS = 1_000 / HOST_RATE;
/** What isn't used of the rate is kept for so long. */
const BURST_MS = 500;
/** A share is used within a second, or lapses: a worker may never be asked again. */
const SHARE_MS = 1_000;
/** A worker that uses its shares up takes twice as much each time, up to this: a write for ten requests. */
const MAX_SHARE = 10;
/** What clients are let of their parts may be so far ahead of the host's rate; not more, whatever they add up to. */
const AHEAD_MS = 1_000;
const ROUNDS = 20;
/** Among so many a host's rate is parted where nobody has counted. */
export const SOME_CLIENTS = 10;
/** Shares that have lapsed are forgotten beyond so many. */
const MAX_SHARES = 2_000;

interface HostShare {
  key: Key;
  intervalMs: number;
  left: number;
  until: number;
  size: number;
  /** When the next request is due, as far as this worker knows (ms). */
  turn: number;
  /** Whether others were sending to it when this worker was last surprised by them, or by their absence. */
  busy: boolean;
  taking?: Promise<void> | undefined;
}

/** Who sends to a host, beside how many other clients. */
export interface Sender {
  host: string;
  client_id: string;
  /** Clients that have endpoints there, this one included. */
  clients: number;
}

/** Room for one request, or when there is some again (ms). */
type HostRoom = { go: true; share: HostShare } | { go: false; at: number };

export type HostShares = ReturnType<typeof createHostShares>;

/** Name and port of a URL, as shares are kept by. */
export function hostOf(url: string): string {
  const { hostname = url, port = "" } = URL.parse(url) ?? {};
  return `${trimEndOf(hostname, ".")}:${port}`;
}

/** The shares of one worker. */
export function createHostShares({ table, now }: TableDeps) {
  const shares = new Map<string, HostShare>();

  function shareOf(key: Key, intervalMs: number): HostShare {
    const name = nameOfKey(key);
    const known = shares.get(name);
    if (known !== undefined) return Object.assign(known, { intervalMs });
    if (shares.size >= MAX_SHARES)
      for (const [name, { until, taking }] of shares)
        if (taking === undefined && until <= now()) shares.delete(name);
    const share = { key, intervalMs, left: 0, until: 0, size: 1, turn: 0, busy: false };
    shares.set(name, share);
    return share;
  }

  async function takeShare(share: HostShare): Promise<void> {
    const at = now();
    const most = Math.max(1, Math.min(MAX_SHARE, Math.floor(SHARE_MS / share.intervalMs)));
    const size = share.until > at ? Math.min(2 * share.size, most) : 1;
    const more = size * share.intervalMs;
    const floor = at - BURST_MS;
    const rested = !share.busy && share.turn <= floor;
    const taken = await advance(share, {
      turn: rested ? floor + more : plus(more),
      condition: rested
        ? "attribute_not_exists(#turn_ms) OR #turn_ms <= :floor"
        : "#turn_ms > :floor AND #turn_ms < :now",
      values: { now: rested ? undefined : at, floor },
    });
    if (taken) Object.assign(share, { left: size, size, until: at + SHARE_MS });
    else share.busy = share.turn > floor;
  }

  /** Counts a client's part, which it has taken, for the host too, unless too much is ahead of its rate already. */
  async function countFor(all: HostShare, own: HostShare): Promise<void> {
    if (own.left === 0) return;
    const counted = await advance(all, {
      turn: plus(own.left * INTERVAL_MS),
      condition: "#turn_ms < :ahead",
      values: { ahead: now() + AHEAD_MS },
    });
    if (!counted) Object.assign(own, { left: 0, turn: Math.max(own.turn, all.turn - AHEAD_MS) });
  }

  /** Moves a turn on; whether it could, the share knows its turn afterwards. */
  async function advance(
    share: HostShare,
    { turn, condition, values }: { turn: number | Computed; condition: string; values: Item },
  ): Promise<boolean> {
    try {
      const item = await table.update({
        key: share.key,
        update: { set: { turn_ms: turn, ttl: ttl(now() + 86_400_000) } },
        condition,
        values,
        repeats: "what is taken twice of a host's rate passes unused once",
      });
      share.turn = hostRecord.parse(item).turn_ms;
      return true;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      share.turn = error.item === undefined ? 0 : hostRecord.parse(error.item).turn_ms;
      return false;
    }
  }

  /** Takes one request of a share that is, or can be, had: when there is one again (ms), where it can't. */
  async function draw(share: HostShare, take: () => Promise<void>): Promise<number | undefined> {
    for (let round = 0; round < ROUNDS; round++) {
      if (share.left > 0 && share.until > now()) {
        share.left -= 1;
        return undefined;
      }
      if (share.turn >= now()) return share.turn;
      share.taking ??= take().finally(() => {
        share.taking = undefined;
      });
      await share.taking;
    }
    return now() + SHARE_MS;
  }

  return {
    /** Takes one request of a host's rate, free or of the client's part. */
    async take({ host, client_id, clients }: Sender): Promise<HostRoom> {
      const all = shareOf(keys.host(host), INTERVAL_MS);
      const freeAt = await draw(all, () => takeShare(all));
      if (freeAt === undefined) return { go: true, share: all };
      if (clients === 1) return { go: false, at: freeAt };
      const own = shareOf(keys.hostClient(host, client_id), INTERVAL_MS * clients);
      const ownAt = await draw(own, async () => {
        await takeShare(own);
        await countFor(all, own);
      });
      return ownAt === undefined ? { go: true, share: own } : { go: false, at: Math.min(freeAt, ownAt) };
    },
    /** No use was made of it. */
    giveBack({ share }: Extract<HostRoom, { go: true }>): void {
      if (share.until > now()) share.left += 1;
    },
  };
}
