import { setTimeout as sleep } from "node:timers/promises";
import type { Caller } from "./call.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { type Full, inPlace, sharedRooms } from "./take-place.ts";

/** Names are looked up within milliseconds; a call that takes no longer than others costs no place. */
const QUICK_MS = 250;
/** A name has so long (s). */
const RETRY_SECONDS = 3;

/**
 * Waits for a name to be looked up, and where that takes long in one of the places that there are for it, as many as
 * for passwords: its server may be whoever's who wants to keep the API's environments. A client has half of what others
 * leave.
 *
 * @param lookup what has begun; it goes on where it is refused, and comes to nothing.
 * @throws WharfError rate_limited; whatever `lookup` throws.
 */
export async function inLookupPlace<T>(
  deps: Pick<Deps, "table" | "now" | "config">,
  { id }: Pick<Caller, "id">,
  lookup: Promise<T>,
): Promise<T> {
  const ended = lookup.then(
    () => true,
    () => true,
  );
  if (await Promise.race([ended, sleep(QUICK_MS, false, { ref: false })])) return await lookup;
  return inPlace(deps, "lookup", sharedRooms(id, deps.config.hashPlaces), {
    refusal: (full) => refusal(id, full),
    work: () => lookup,
  });
}

function refusal(clientId: string, { name, max }: Full): WharfError {
  const whose = name === clientId ? "of this client " : "";
  return new WharfError(
    "rate_limited",
    `${max} URLs ${whose}have names that are slow to resolve, as many as can be looked up at the same time. Send it again in ${RETRY_SECONDS} s; nothing was changed.`,
    { retry_after_seconds: RETRY_SECONDS },
  );
}
