import { type Key, keys } from "#aws/keys.ts";
import type { Update } from "#aws/table.ts";
import { LINK_TRIES_KEPT_SECONDS } from "#contract/shares.ts";
import { countTry, secondsUntilTry, TryRefused } from "./count-try.ts";
import { type Deps, ttl } from "./deps.ts";
import { WharfError } from "./error.ts";
import { inHashPlace } from "./in-hash-place.ts";
import { verifyPassword } from "./password.ts";
import { type LinkRecord, type LinkTries, linkTriesRecord } from "./records.ts";
import { secondsUntilRoom, TRY_MS, takeTry } from "./take-try.ts";

/** A right try: what it has counted is given back by what follows (`giveBack`). */
export interface Tried {
  source: Key;
  /** Whether it was taken from the link's tries as well. */
  taken: boolean;
}

/** Stands for all sources that have no address. */
const NOWHERE = "nowhere";

/**
 * Checks a link's password.
 *
 * A try is counted for its source, then taken from what all sources of the link have together, and only then checked:
 * tries sent at once can't outrun either, a source that has to wait takes nothing from the others, and a refused try
 * costs no scrypt. A source that has had the right password within a day takes nothing from the others at all. Who is
 * refused by what was read writes nothing, so that sources without end leave no more behind than they have tries.
 *
 * @throws WharfError wrong_password, rate_limited with `retry_after_seconds`; password_limit, uncounted, where no
 * place to check one is free.
 */
export async function tryPassword(
  deps: Pick<Deps, "table" | "now" | "config">,
  link: LinkRecord,
  { token, password, source = NOWHERE }: { token: string; password: string; source?: string | undefined },
): Promise<Tried> {
  const { table, now } = deps;
  const at = now();
  const key = keys.linkTries(token, source);
  const before = (await table.get(linkTriesRecord, key)) ?? {};
  const known = isKnown(before, at);
  const first = before.tried === undefined;
  const wait = Math.max(secondsUntilTry(before, at), known ? 0 : secondsUntilRoom(link, { first, now: at }));
  if (wait > 0) throw throttled(wait);
  await inHashPlace(deps, { source }, async () => {
    try {
      const counted = await countTry(table, key, at);
      if (!known) await takeTry(table, keys.link(token), { link, first: counted.tried === 1, now: at });
      if (link.password === undefined || !(await verifyPassword(password, link.password)))
        throw wrongPassword(secondsUntilTry(counted, now()));
    } catch (error) {
      if (error instanceof TryRefused) throw throttled(error.seconds);
      throw error;
    }
  });
  return { source: key, taken: !known };
}

const isKnown = ({ right_ms }: LinkTries, now: number) =>
  right_ms !== undefined && right_ms > now - LINK_TRIES_KEPT_SECONDS * 1000;

/** What a right password gives back, of the link and of its source: to stand in the transaction that follows. */
export function giveBack(
  tried: Tried | undefined,
  now: number,
): { add: string; values: Record<string, number>; writes: Update[] } {
  if (tried === undefined) return { add: "", values: {}, writes: [] };
  const known: Update = {
    key: tried.source,
    update: "SET #right_ms = :now, #ttl = :ttl REMOVE #tried, #tried_ms",
    values: { now, ttl: ttl(now + LINK_TRIES_KEPT_SECONDS * 1000) },
  };
  if (!tried.taken) return { add: "", values: {}, writes: [known] };
  return { add: "#tries_until_ms :back", values: { back: -TRY_MS }, writes: [known] };
}

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
