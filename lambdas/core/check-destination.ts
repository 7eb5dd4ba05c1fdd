import { WharfError } from "./error.ts";
import { messageOf } from "./guarded-connect.ts";
import { EgressBlocked, type Guard } from "./outbound-guard.ts";

/** Refuses a URL that deliveries could not or may not go to. @throws WharfError invalid_url, egress_blocked */
export async function checkDestination(guard: Guard, text: string): Promise<void> {
  try {
    await guard.addressesOf(guard.checkUrl(text));
  } catch (cause) {
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
