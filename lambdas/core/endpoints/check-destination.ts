import { WharfError } from "#core/kernel/error.ts";
import { messageOf } from "#core/outbound/guarded-connect.ts";
import { EgressBlocked, type OutboundGuard } from "#core/outbound/outbound-guard.ts";

/**
 * What RFC 3986 lets stand in a URL. Parsers drop, turn or encode anything else, so that people would be shown another
 * URL than the one that is called.
 */
const AS_WRITTEN = /^[a-z][a-z0-9+.-]*:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/i;

/** Refuses a URL that deliveries could not or may not go to. @throws WharfError invalid_url, egress_blocked */
export async function checkDestination(guard: OutboundGuard, text: string): Promise<void> {
  try {
    const url = guard.checkUrl(text);
    if (!AS_WRITTEN.test(text)) throw notAsWritten(url);
    await guard.addressesOf(url);
  } catch (cause) {
    if (cause instanceof WharfError) throw cause;
    if (cause instanceof EgressBlocked && cause.where === "address") {
      throw new WharfError(
        "egress_blocked",
        `${cause.message}. Webhooks go to public addresses only: give ${guard.allowed}.`,
        {},
        { cause },
      );
    }
    const why =
      cause instanceof EgressBlocked ? cause.message : `Its name does not resolve: ${messageOf(cause)}.`;
    throw new WharfError("invalid_url", `${why} Give ${guard.allowed}.`, {}, { cause });
  }
}

function notAsWritten({ href }: URL): WharfError {
  return new WharfError(
    "invalid_url",
    `The URL has what RFC 3986 lets stand in none: blanks, backslashes, letters beyond ASCII. Send it as it is called: ${href}`,
  );
}
