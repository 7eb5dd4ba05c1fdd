import { sha256 } from "#aws/keys.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { type Full, inPlace, mostOf, type Room, sharedRooms } from "./take-place.ts";

/** Whose a password is: a client that sets one, or whoever tries one at a link, from there. */
export type Hasher = { client: string } | { source: string };

const RETRY_SECONDS = 2;

/**
 * Runs the hashing of a password, which takes a core for a part of a second, in one of the places that there are for
 * it: whoever guesses at links, or makes many that have one, takes nobody's environment.
 *
 * A client has half of what others leave, and so have all who try together; one source half of what others leave of
 * that: 2 at least, so that two tabs do, but never all.
 *
 * @throws WharfError password_limit, before anything was counted.
 */
export function inHashPlace<T>(
  deps: Pick<Deps, "table" | "now" | "config">,
  by: Hasher,
  hash: () => Promise<T>,
): Promise<T> {
  const rooms = hashRooms(by, deps.config.hashPlaces);
  return inPlace(deps, "hash", rooms, { refusal: (full) => refusal(by, full), work: hash });
}

/** The rooms in which a place is taken, of so many places. */
export function hashRooms(by: Hasher, places: number): Room[] {
  if ("client" in by) return sharedRooms(by.client, places);
  const [visitors, all] = sharedRooms("visitors", places);
  const least = mostOf(visitors) < 4 ? 1 : 2;
  // No address is kept.
  return [{ name: `from_${sha256(by.source).slice(0, 16)}`, of: visitors, least }, visitors, all];
}

/** 429 whosever share is taken: nothing is wrong with the API, whose 5xx are its operator's alarm. */
function refusal(by: Hasher, { name, max }: Full): WharfError {
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
