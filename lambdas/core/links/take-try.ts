/**
 * The tries that all sources of a link have together: a bucket that refills with time, kept as the moment at which it
 * is full again (a virtual schedule, ITU-T I.371 annex A), so that nothing has to run to refill it.
 *
 * Its upper part is for first tries alone: whoever guesses on from the same places leaves room for a reader who comes
 * once. NIST SP 800-63B, 5.2.2 asks for 100 failures in a row at most and warns of locking readers out; OWASP's
 * Authentication Cheat Sheet counts by account and warns of the same. Here the account is a link that many share, so it
 * is slowed down to a rate and never shut.
 */
import { randomUUID } from "node:crypto";
import { copyOf } from "#aws/changes.ts";
import type { Key } from "#aws/keys.ts";
import { ConditionFailed, type Table } from "#aws/table.ts";
import { LINK_TRIES } from "./contract.ts";
import { TryRefused } from "./count-try.ts";
import { type LinkRecord, linkRecord } from "./records.ts";

/** Milliseconds in which one try comes back. */
const TRY_MS = LINK_TRIES.refillSeconds * 1000;
/** An empty bucket and a used one are written by different conditions, and others may come in between. */
const ROUNDS = 4;

type Bucket = Pick<LinkRecord, "tries_until_ms">;

/**
 * Takes one try from a link's for a wrong one, in the write that admits it.
 *
 * @param first whether its source hasn't tried before.
 * @throws TryRefused with the seconds to wait.
 */
export async function takeTry(
  table: Table,
  key: Key,
  { link, first, now }: { link: Bucket; first: boolean; now: number },
): Promise<void> {
  const try_id = randomUUID();
  let seen = link;
  for (let round = 0; round < ROUNDS; round++) {
    const wait = secondsUntilRoom(seen, { first, now });
    if (wait > 0) throw new TryRefused(wait);
    try {
      await table.update({ key, ...(isFull(seen, now) ? begin(try_id, now) : goOn(try_id, { first, now })) });
      return;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const found = linkRecord.parse(error.item);
      if (found.try_id === try_id) return;
      seen = found;
    }
  }
  throw new TryRefused(1);
}

/**
 * Has a right one admitted as a wrong one would be, in a write of its own that changes nothing: readers in any number
 * who know the password leave each other, and those who guess, what there is.
 *
 * Where its answer was lost and others took the last one since, it is refused: it can come again.
 *
 * @throws TryRefused with the seconds to wait.
 */
export async function passTry(
  table: Table,
  key: Key,
  { first, now }: { first: boolean; now: number },
): Promise<void> {
  try {
    await table.update({
      key,
      update: { set: { share_id: copyOf("share_id") } },
      condition:
        "attribute_exists(#pk) AND (attribute_not_exists(#tries_until_ms) OR #tries_until_ms <= :latest)",
      values: { latest: latest(now, first) },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    throw new TryRefused(Math.max(1, secondsUntilRoom(linkRecord.parse(error.item), { first, now })));
  }
}

/** Seconds until the link has a try for such a source; 0 where it has one now. */
export function secondsUntilRoom(
  { tries_until_ms = 0 }: Bucket,
  { first, now }: { first: boolean; now: number },
): number {
  return Math.max(0, Math.ceil((tries_until_ms - latest(now, first)) / 1000));
}

const isFull = ({ tries_until_ms = 0 }: Bucket, now: number) => tries_until_ms <= now;

/** The latest `tries_until_ms` that leaves room for one more. */
const latest = (now: number, first: boolean) =>
  now + (LINK_TRIES.all + (first ? LINK_TRIES.first : 0) - 1) * TRY_MS;

const begin = (try_id: string, now: number) => ({
  update: { set: { tries_until_ms: now + TRY_MS, try_id } },
  condition: "attribute_exists(#pk) AND (attribute_not_exists(#tries_until_ms) OR #tries_until_ms <= :now)",
  values: { now },
});

const goOn = (try_id: string, { first, now }: { first: boolean; now: number }) => ({
  update: { set: { try_id }, add: { tries_until_ms: TRY_MS } },
  condition: `#tries_until_ms > :now AND #tries_until_ms <= :latest AND ${ANOTHERS}`,
  values: { now, latest: latest(now, first) },
  repeats: "by the try's id, unless others came in between: then it comes back within half a minute",
});

const ANOTHERS = "(attribute_not_exists(#try_id) OR #try_id <> :try_id)";
