import type { Key } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { verifyPassword } from "./password.ts";
import { type LinkRecord, linkRecord } from "./records.ts";

/** Tries that nothing delays. */
const FREE_TRIES = 5;
/** Seconds that a try has to wait after the 5th, the 6th … wrong one; the last holds for all that follow. */
const DELAYS = [5, 10, 20, 40, 80, 160, 320, 640, 900] as const;
/** Longer ones can't be right, and are not worth normalizing. */
const MAX_LENGTH = 1024;

/**
 * Checks a link's password, and returns the link where it is right.
 *
 * The try is counted before it is checked, by one conditional write that also reads the link: guesses sent at once
 * can't outrun the count, and a refused one costs no scrypt. A right password has the count reset by what follows
 * (`passwordReset`).
 *
 * @returns the link, unchecked, where it has no password or is dead; `undefined` where there is none.
 * @throws WharfError wrong_password, rate_limited with `retry_after_seconds`.
 */
export async function tryPassword(
  { table, now }: Pick<Deps, "table" | "now">,
  key: Key,
  password: string,
): Promise<LinkRecord | undefined> {
  const at = now();
  if (password.length > MAX_LENGTH) throw wrongPassword();
  let item: Item;
  try {
    item = await table.update({ key, ...countedTry(at) });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    if (error.item === undefined) return undefined;
    const link = linkRecord.parse(error.item);
    const wait = waitSeconds(link, at);
    if (link.password !== undefined && link.expires_ms > at && link.revoked_at === undefined && wait > 0)
      throw throttled(wait);
    return link;
  }
  const link = linkRecord.parse(item);
  if (link.password === undefined || !(await verifyPassword(password, link.password))) {
    const wait = waitSeconds(link, now());
    throw wrongPassword(wait > 0 ? wait : undefined);
  }
  return link;
}

/** 403 for a wrong password, and for none where one is needed. */
export function wrongPassword(retryAfter?: number): WharfError {
  return new WharfError(
    "wrong_password",
    "This link has a password: send the right one in the header X-Share-Password, or as `password` of a form by POST.",
    retryAfter === undefined ? {} : { retry_after_seconds: retryAfter },
  );
}

function countedTry(now: number) {
  const admitted = DELAYS.map((_, step) =>
    // The last delay holds however many tries there were.
    step === DELAYS.length - 1
      ? `#tried_ms <= :until_${step}`
      : `(#tried_passwords = :tries_${step} AND #tried_ms <= :until_${step})`,
  );
  const values: Item = { one: 1, now, free: FREE_TRIES };
  for (const [step, delay] of DELAYS.entries()) {
    values[`until_${step}`] = now - delay * 1000;
    if (step < DELAYS.length - 1) values[`tries_${step}`] = FREE_TRIES + step;
  }
  return {
    update: "SET #tried_ms = :now ADD #tried_passwords :one",
    condition: `attribute_exists(#password) AND attribute_not_exists(#revoked_at) AND #expires_ms > :now AND (attribute_not_exists(#tried_passwords) OR #tried_passwords < :free OR ${admitted.join(" OR ")})`,
    values,
  };
}

/** Seconds until the next try; 0 where it need not wait. */
function waitSeconds({ tried_passwords = 0, tried_ms = 0 }: LinkRecord, now: number): number {
  if (tried_passwords < FREE_TRIES) return 0;
  const delay = DELAYS[Math.min(tried_passwords - FREE_TRIES, DELAYS.length - 1)] ?? 0;
  return Math.max(0, Math.ceil((tried_ms + delay * 1000 - now) / 1000));
}

function throttled(wait: number): WharfError {
  return new WharfError(
    "rate_limited",
    `Too many wrong passwords were tried on this link. Try again in ${wait} s.`,
    { retry_after_seconds: wait },
  );
}
