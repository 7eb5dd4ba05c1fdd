import type { Key } from "#aws/keys.ts";
import { ConditionFailed, type Item, type Table } from "#aws/table.ts";
import { LINK_TRIES_KEPT_SECONDS } from "#contract/shares.ts";
import { ttl } from "./deps.ts";
import { type LinkTries, linkTriesRecord } from "./records.ts";

/** Tries that nothing delays. */
const FREE_TRIES = 5;
/** Seconds that a try has to wait after the 5th, the 6th … wrong one; the last holds for all that follow. */
const DELAYS = [5, 10, 20, 40, 80, 160, 320, 640, 900] as const;

/**
 * Counts one source's try, in the write that admits it: those sent at once can't outrun the count.
 *
 * @returns the source's tries with this one.
 * @throws TryRefused with the seconds to wait.
 */
export async function countTry(table: Table, key: Key, now: number): Promise<LinkTries> {
  const admitted = DELAYS.map((_, step) =>
    // The last delay holds however many tries there were.
    step === DELAYS.length - 1
      ? `#tried_ms <= :until_${step}`
      : `(#tried = :tries_${step} AND #tried_ms <= :until_${step})`,
  );
  const values: Item = {
    one: 1,
    now,
    free: FREE_TRIES,
    ttl: ttl(now + LINK_TRIES_KEPT_SECONDS * 1000),
  };
  for (const [step, delay] of DELAYS.entries()) {
    values[`until_${step}`] = now - delay * 1000;
    if (step < DELAYS.length - 1) values[`tries_${step}`] = FREE_TRIES + step;
  }
  try {
    const counted = await table.update({
      key,
      update: "SET #tried_ms = :now, #ttl = :ttl ADD #tried :one",
      condition: `attribute_not_exists(#tried) OR #tried < :free OR ${admitted.join(" OR ")}`,
      values,
      repeats: "one try of five, which a right password gives back",
    });
    return linkTriesRecord.parse(counted);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    throw new TryRefused(Math.max(1, secondsUntilTry(linkTriesRecord.parse(error.item), now)));
  }
}

/** Seconds until a source's next try; 0 where it need not wait. */
export function secondsUntilTry({ tried = 0, tried_ms = 0 }: LinkTries, now: number): number {
  if (tried < FREE_TRIES) return 0;
  const delay = DELAYS[Math.min(tried - FREE_TRIES, DELAYS.length - 1)] ?? 0;
  return Math.max(0, Math.ceil((tried_ms + delay * 1000 - now) / 1000));
}

/** Another has been counted in between. */
export class TryRefused extends Error {
  readonly seconds: number;
  constructor(seconds: number) {
    super(`the next try is in ${seconds} s`);
    this.seconds = seconds;
  }
}
