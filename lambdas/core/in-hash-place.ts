import { sha256 } from "#aws/keys.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { inPlace, type Room, shareOf } from "./take-place.ts";

/** Whose a password is: a client that sets one, or whoever tries one at a link, from there. */
export type Hasher = { client: string } | { source: string };

const RETRY_SECONDS = 2;

/**
 * Runs the hashing of a password, which takes a core for a part of a second, in one of the places that there are for
 * it: whoever guesses at links, or makes many that have one, takes nobody's environment.
 *
 * Clients have half each, and all who try together have half, one source half of that: 2 at least, so that two tabs do.
 *
 * @throws WharfError password_limit, before anything was counted.
 */
export function inHashPlace<T>(
  deps: Pick<Deps, "table" | "now" | "config">,
  by: Hasher,
  hash: () => Promise<T>,
): Promise<T> {
  const rooms = roomsOf(by, deps.config.hashPlaces);
  return inPlace(deps, "hash", rooms, { refusal: (full) => refusal(by, full), work: hash });
}

function roomsOf(by: Hasher, places: number): Room[] {
  const all = { name: "all", max: places };
  const half = shareOf(places);
  if ("client" in by) return [{ name: by.client, max: half }, all];
  // No address is kept.
  const source = { name: `from_${sha256(by.source).slice(0, 16)}`, max: Math.max(2, Math.ceil(half / 2)) };
  return [source, { name: "visitors", max: half }, all];
}

/** 429 whosever share is taken: nothing is wrong with the API, whose 5xx are its operator's alarm. */
function refusal(by: Hasher, { name, max }: Room): WharfError {
  const own = "client" in by && name === by.client;
  const why = own
    ? `${max} passwords of this client are being hashed, which is its share`
    : "As many passwords are being checked as can be at the same time";
  return new WharfError(
    "password_limit",
    `${why}. Send it again in ${RETRY_SECONDS} s; this one was neither checked nor counted.`,
    { max, retry_after_seconds: RETRY_SECONDS },
  );
}
