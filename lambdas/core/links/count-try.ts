import { randomUUID } from "node:crypto";
import type { Key } from "#aws/keys.ts";
import { ConditionFailed, type Item, type Table } from "#aws/table.ts";
import { ttl } from "#core/kernel/time.ts";
import { LINK_TRIES_KEPT_SECONDS } from "./contract.ts";
import { type LinkTries, linkTriesRecord } from "./records.ts";

/** Tries that nothing delays. */
const FREE_TRIES = 5;
/** Seconds that a try has to wait after the 5th, the 6th … wrong one; the last holds for all that follow. */
const LAST_DELAY = 900;
const DELAYS = [5, 10, 20, 40, 80, 160, 320, 640, LAST_DELAY];

/**
 * Counts one source's wrong try, in the write that admits it: those sent at once can't outrun the count.
 *
 * @returns the source's tries with this one.
 * @throws TryRefused with the seconds to wait.
 */
export async function countTry(table: Table, key: Key, now: number): Promise<LinkTries> {
  const { text, values } = admitted(now);
  const try_id = randomUUID();
  try {
    const counted = await table.update({
      key,
      update: { set: { tried_ms: now, ttl: keptUntil(now), try_id }, add: { tried: 1 } },
      condition: `(${text}) AND (attribute_not_exists(#try_id) OR #try_id <> :try_id)`,
      values,
      repeats: "by the try's id, unless others were counted in between: then it is one of five",
    });
    return linkTriesRecord.parse(counted);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    const found = linkTriesRecord.parse(error.item);
    if (found.try_id === try_id) return found;
    throw new TryRefused(Math.max(1, secondsUntilTry(found, now)));
  }
}

/**
 * Forgets a source's tries for a right one, which must be admitted as a wrong one would be, in this write: of tries sent
 * at once those that come too late learn nothing, right or wrong.
 *
 * @param first whether it counts on being the source's first try.
 * @returns false where it isn't the first any more.
 * @throws TryRefused with the seconds to wait.
 */
export async function forgetTries(
  table: Table,
  key: Key,
  { first, now }: { first: boolean; now: number },
): Promise<boolean> {
  const { text, values } = admitted(now);
  const stillFirst = first ? " AND attribute_not_exists(#tried)" : "";
  try {
    await table.update({
      key,
      update: { set: { right_ms: now, ttl: keptUntil(now) }, remove: ["tried", "tried_ms"] },
      // A copy that comes late forgets no tries that were made since.
      condition: `(${text}) AND (attribute_not_exists(#right_ms) OR #right_ms < :right_ms)${stillFirst}`,
      values,
    });
    return true;
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    const found = linkTriesRecord.parse(error.item);
    // Its own first sending, or another right one at the same moment: whatever was tried since came after it.
    if (found.right_ms === now) return true;
    const wait = secondsUntilTry(found, now);
    if (wait > 0) throw new TryRefused(wait);
    // Else a right one by a clock ahead was in the way.
    return !first || found.tried === undefined;
  }
}

const keptUntil = (now: number) => ttl(now + LINK_TRIES_KEPT_SECONDS * 1000);

/** The condition under which a source may try. */
function admitted(now: number): { text: string; values: Item } {
  const steps = DELAYS.map((_, step) =>
    // The last delay holds however many tries there were.
    step === DELAYS.length - 1
      ? `#tried_ms <= :until_${step}`
      : `(#tried = :tries_${step} AND #tried_ms <= :until_${step})`,
  );
  const values: Item = Object.fromEntries(
    DELAYS.flatMap((delay, step) => [
      [`until_${step}`, now - delay * 1000],
      ...(step < DELAYS.length - 1 ? [[`tries_${step}`, FREE_TRIES + step]] : []),
    ]),
  );
  return {
    text: `attribute_not_exists(#tried) OR #tried < :free OR ${steps.join(" OR ")}`,
    values: { ...values, free: FREE_TRIES },
  };
}

/** Seconds until a source's next try; 0 where it need not wait. */
export function secondsUntilTry({ tried = 0, tried_ms = 0 }: LinkTries, now: number): number {
  if (tried < FREE_TRIES) return 0;
  const delay = DELAYS[tried - FREE_TRIES] ?? LAST_DELAY;
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
