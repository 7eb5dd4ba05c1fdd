import { keys } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { type Count, knownCount, lastCount } from "#core/kernel/last-count.ts";

/**
 * Refuses an upload to a client that has its share of open sessions, by the sweep's last count.
 *
 * @returns what is to be awaited beside the start's own calls, where the count has to be read: it costs no round trip.
 * @throws WharfError session_limit, at once where the count is known, and before anything was begun.
 */
export function refuseAtSessionLimit(
  deps: Pick<Deps, "table" | "now" | "config">,
  clientId: string,
): Promise<void> | undefined {
  const key = keys.sessionCount();
  const max = deps.config.sessionsPerClient;
  const judge = ({ clients }: Count) => {
    const open = clients.get(clientId) ?? 0;
    if (open < max) return;
    throw new WharfError(
      "session_limit",
      `This client has ${open} open uploads; at most ${max} are allowed. Finalize some, give some up with DELETE /v1/uploads/{id}, or let them expire. They are counted each minute.`,
      { open, max, retry_after_seconds: 60 },
    );
  };
  const known = knownCount(deps, key);
  if (known === undefined) return lastCount(deps, key).then(judge);
  judge(known);
  return undefined;
}
