import { keys } from "#aws/keys.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inHashPlace } from "#core/kernel/in-hash-place.ts";
import { LINK_TRIES_KEPT_SECONDS } from "./contract.ts";
import { countTry, forgetTries, secondsUntilTry, TryRefused } from "./count-try.ts";
import { verifyPassword } from "./password.ts";
import { type LinkRecord, type LinkTries, linkTriesRecord } from "./records.ts";
import { passTry, secondsUntilRoom, takeTry } from "./take-try.ts";

/** Stands for all sources that have no address. */
const NOWHERE = "nowhere";

interface Try {
  link: LinkRecord;
  token: string;
  source: string;
  /** What its source had tried when it came. */
  before: LinkTries;
  /** Whether its source has had the right one within a day. */
  known: boolean;
}

/**
 * Checks a link's password.
 *
 * A wrong try is counted for its source, then taken from what all sources of the link have together; a right one is
 * counted nowhere. Both are admitted under the same conditions, in the writes that come after the check: of tries sent
 * at once those for which nothing is left learn only that. A source that has to wait takes nothing from the others, and
 * one that has had the right password within a day takes nothing from them at all. Who is refused by what was read
 * costs no scrypt and writes nothing, so that sources without end leave no more behind than they have tries.
 *
 * @throws WharfError wrong_password, rate_limited with `retry_after_seconds`; password_limit, uncounted, where no
 * place to check one is free.
 */
export async function tryPassword(
  deps: Pick<Deps, "table" | "now" | "config">,
  link: LinkRecord,
  { token, password, source = NOWHERE }: { token: string; password: string; source?: string | undefined },
): Promise<void> {
  const { table, now } = deps;
  const before = (await table.get(linkTriesRecord, keys.linkTries(token, source))) ?? {};
  const at = now();
  const known = isKnown(before, at);
  const first = before.tried === undefined;
  const wait = Math.max(secondsUntilTry(before, at), known ? 0 : secondsUntilRoom(link, { first, now: at }));
  if (wait > 0) throw throttled(wait);
  await inHashPlace(deps, { source }, async () => {
    const right = link.password !== undefined && (await verifyPassword(password, link.password));
    try {
      await (right ? passRight : countWrong)(deps, { link, token, source, before, known });
    } catch (error) {
      throw error instanceof TryRefused ? throttled(error.seconds) : error;
    }
  });
}

type TryDeps = TableDeps;

async function passRight({ table, now }: TryDeps, { token, source, before, known }: Try): Promise<void> {
  const pass = async (first: boolean): Promise<boolean> => {
    if (!known) await passTry(table, keys.link(token), { first, now: now() });
    return forgetTries(table, keys.linkTries(token, source), { first, now: now() });
  };
  const first = !known && before.tried === undefined;
  // Where a wrong one of the same source was counted meanwhile, it isn't the first any more.
  if (!(await pass(first))) await pass(false);
}

async function countWrong({ table, now }: TryDeps, { link, token, source, known }: Try): Promise<never> {
  const counted = await countTry(table, keys.linkTries(token, source), now());
  if (!known) await takeTry(table, keys.link(token), { link, first: counted.tried === 1, now: now() });
  throw wrongPassword(secondsUntilTry(counted, now()));
}

const isKnown = ({ right_ms }: LinkTries, now: number) =>
  right_ms !== undefined && right_ms > now - LINK_TRIES_KEPT_SECONDS * 1000;

/** 403 for a wrong password, and for none where one is needed. */
export function wrongPassword(retryAfter = 0): WharfError {
  return new WharfError(
    "wrong_password",
    "This link has a password: send the right one in the header X-Share-Password, or as `password` of a form by POST.",
    retryAfter === 0 ? {} : { retry_after_seconds: retryAfter },
  );
}

function throttled(wait: number): WharfError {
  return new WharfError(
    "rate_limited",
    `Too many wrong passwords were tried on this link, from here or from everywhere. Try again in ${wait} s.`,
    { retry_after_seconds: wait },
  );
}
