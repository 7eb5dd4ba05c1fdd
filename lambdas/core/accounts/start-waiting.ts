import { setTimeout as sleep } from "node:timers/promises";
import { type Key, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { Caller } from "#core/kernel/call.ts";
import { WharfError } from "#core/kernel/error.ts";
import { sharedRooms, takePlace } from "#core/kernel/take-place.ts";
import { unauthenticated } from "./authenticate.ts";
import type { WaitDeps } from "./deps.ts";
import { clientRecord } from "./records.ts";

/** A client that is revoked while it waits learns of it within this time. */
const LOOK_MS = 5_000;
const RETRY_SECONDS = 5;

/**
 * The waiting of one call: it takes a place at its first pause, so that a call which need not wait costs nothing, and
 * ends with its client.
 *
 * `end` gives the place back, and must be called however the call ends.
 */
export function startWaiting(deps: WaitDeps, kind: "lock" | "events", caller: Caller) {
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
    giveBack ??= await takeWaitPlace(deps, kind, caller.client_id);
    await sleep(ms);
    if (now() - lookedAt >= LOOK_MS) await look();
  }

  async function end(): Promise<void> {
    await giveBack?.();
  }

  return { look, pause, end, hasWaited: () => giveBack !== undefined };
}

/** @throws WharfError wait_limit where the client's share, or all places, are taken. */
async function takeWaitPlace(
  deps: WaitDeps,
  kind: "lock" | "events",
  clientId: string,
): Promise<() => Promise<void>> {
  const { waitPlaces } = deps;
  const taken = await takePlace(deps, kind, sharedRooms(clientId, waitPlaces));
  if ("giveBack" in taken) return taken.giveBack;
  const { name, max } = taken.full;
  const whose =
    name === clientId
      ? `of this client wait already, which is its share of the ${waitPlaces} that may: half of what others leave`
      : "wait already, which is all that may";
  throw new WharfError(
    "wait_limit",
    `${max} calls ${whose}. Try again in ${RETRY_SECONDS} s, or ask without waiting.`,
    { max, retry_after_seconds: RETRY_SECONDS },
  );
}
