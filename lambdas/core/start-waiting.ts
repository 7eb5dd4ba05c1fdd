import { setTimeout as sleep } from "node:timers/promises";
import { type Key, keys, type Waiting } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import type { Item } from "#aws/table.ts";
import { unauthenticated } from "./authenticate.ts";
import type { Caller } from "./call.ts";
import { clientRecord } from "./records.ts";
import { type PlaceDeps, takePlace } from "./take-place.ts";

/** A client that is revoked while it waits learns of it within this time. */
const LOOK_MS = 5_000;

/**
 * The waiting of one call: it takes a place at its first pause, so that a call which need not wait costs nothing, and
 * ends with its client.
 *
 * `end` gives the place back, and must be called however the call ends.
 */
export function startWaiting(deps: PlaceDeps, kind: Waiting, caller: Caller) {
  const { table, now } = deps;
  let giveBack: (() => Promise<void>) | undefined;
  let lookedAt = now();

  /**
   * Reads these items, strongly consistent, and makes sure that the caller still is who it was.
   *
   * @throws WharfError unauthenticated where it was revoked, or has lost a scope.
   */
  async function look(also: readonly Key[] = []): Promise<Item[]> {
    const clientKey = keys.client(caller.client_id);
    const items = await table.batchGet([clientKey, ...also]);
    const client = items.find((item) => item["pk"] === clientKey.pk);
    const record = client && clientRecord.parse(client);
    if (record === undefined || record.revoked_at !== undefined)
      throw unauthenticated("The client has been revoked.");
    if ([...caller.scopes].some((scope) => !record.scopes.includes(scope)))
      throw unauthenticated("A scope has been taken from the client; ask for a new token.");
    lookedAt = now();
    return items.filter((item) => item["pk"] !== clientKey.pk);
  }

  /** @throws WharfError wait_limit; unauthenticated */
  async function pause(ms: number): Promise<void> {
    giveBack ??= await takePlace(deps, kind, caller.client_id);
    await sleep(ms);
    if (now() - lookedAt >= LOOK_MS) await look();
  }

  async function end(): Promise<void> {
    try {
      await giveBack?.();
    } catch (error) {
      // It comes back by time, and the answer is worth more.
      say("warn", "a place for waiting could not be given back", { error: describe(error) });
    }
  }

  return { look, pause, end, hasWaited: () => giveBack !== undefined };
}
