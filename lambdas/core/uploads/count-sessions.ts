import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { countLive } from "#core/kernel/count-live.ts";
import type { DueDeps } from "#core/kernel/deps.ts";

const session = z.object({ client_id: z.string() });

/** Counts the sessions that are open, by client: what `refuseAtSessionLimit` goes by. */
export function countSessions(deps: DueDeps): Promise<number> {
  return countLive(deps, {
    kind: "upload",
    filter: "#state IN (:open, :finalizing)",
    values: { open: "open", finalizing: "finalizing" },
    holderOf: (item) => session.safeParse(item).data?.client_id,
    // Nobody counts those of all.
    share: Number.POSITIVE_INFINITY,
    keyOf: () => keys.sessionCount(),
  });
}
