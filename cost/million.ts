/** What a million of each costs, beside the least that it could: the targets that Wharf has set itself. */
import { MILLISECONDS, type Milliseconds } from "./assumptions.ts";
import { type Counts, readCounts } from "./counts.ts";
import { addMoney, type Money, priceEffects, priceTime, total } from "./price-effects.ts";
import { priceUpload } from "./price-workload.ts";
import { perMillion } from "./prices.ts";

export interface Million {
  readonly what: string;
  /** US dollars for a million. */
  readonly money: Money;
  readonly usd: number;
  /** What API Gateway and S3 alone charge for it. */
  readonly least?: number;
  /** The target, in US dollars for a million. */
  readonly target: number;
}

/** An endpoint's answer takes so long (ms). */
const ANSWER_MS = 200;

/** A million of each, of one part and to one endpoint, without what the stage costs idle. */
export function millions(
  counts: Counts = readCounts(),
  milliseconds: Milliseconds = MILLISECONDS,
): Million[] {
  const { verbs } = counts;
  const of = (what: string, money: Money, more: { target: number; least?: number }): Million => {
    const million = addMoney([money, 1_000_000]);
    return { what, money: million, usd: total(million), ...more };
  };
  const bySession = 2 * perMillion("apiRequest") + 3 * perMillion("s3Write");
  const byRequest = perMillion("apiRequest") + perMillion("s3Write");
  const small = { bytes: 1_000_000, parts: 1 };
  return [
    of(
      "uploads by session, with link and events",
      priceUpload({ by: "session", ...small }, verbs, milliseconds),
      { least: bySession, target: 1.6 * bySession },
    ),
    of(
      "uploads by one request, with link and events",
      priceUpload({ by: "request", ...small }, verbs, milliseconds),
      { least: byRequest, target: 2.2 * byRequest },
    ),
    of(
      `deliveries, answered within ${ANSWER_MS} ms`,
      addMoney(
        [priceEffects(verbs.delivery, milliseconds), 1],
        [{ Lambda: priceTime("deliver", ANSWER_MS) }, 1],
      ),
      { target: 5 },
    ),
    of(
      "locks, acquired and released",
      addMoney([priceEffects(verbs.lock, milliseconds), 1], [priceEffects(verbs.unlock, milliseconds), 1]),
      { target: 13 },
    ),
  ];
}
