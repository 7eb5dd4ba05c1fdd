import type { HookRecord } from "#core/attempts/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { type Full, inPlace, sharedRooms } from "#core/kernel/take-place.ts";

/** A test takes so long at most (s). */
const RETRY_SECONDS = 3;

/**
 * Sends a test in one of the places that there are for it, as many as for passwords: it holds an environment of the
 * API for as long as its endpoint is silent, so one client's tests would take those of everybody.
 *
 * An endpoint has one, whoever asks for it, since its address may be somebody else's; a client has half of what others leave.
 *
 * @throws WharfError rate_limited, before anything is sent or recorded.
 */
export function inTestPlace<T>(
  deps: Pick<Deps, "table" | "now" | "config">,
  hook: HookRecord,
  test: () => Promise<T>,
): Promise<T> {
  const rooms = [{ name: hook.webhook_id, max: 1 }, ...sharedRooms(hook.client_id, deps.config.hashPlaces)];
  return inPlace(deps, "test", rooms, { refusal: (full) => refusal(hook, full), work: test });
}

function refusal({ webhook_id, client_id }: HookRecord, { name, max }: Full): WharfError {
  const why =
    name === webhook_id
      ? "This endpoint is being tested; it gets one test at a time"
      : `${max} endpoints ${name === client_id ? "of this client " : ""}are being tested, as many as can be at the same time`;
  return new WharfError("rate_limited", `${why}. Send it again in ${RETRY_SECONDS} s; nothing was sent.`, {
    retry_after_seconds: RETRY_SECONDS,
  });
}
