import { setTimeout as sleep } from "node:timers/promises";
import type { Key } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { holds } from "#contract/scopes.ts";
import type { Caller } from "#core/kernel/call.ts";
import { WharfError } from "#core/kernel/error.ts";
import { sharedRooms, takePlace } from "#core/kernel/take-place.ts";
import { refreshCaller, unauthenticated } from "./authenticate.ts";
import type { WaitDeps } from "./deps.ts";

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
  const { now } = deps;
  let giveBack: (() => Promise<void>) | undefined;
  let lookedAt = now();

  /**
   * Reads these items, strongly consistent, and makes sure that the caller still is who it was: `caller` has its rights
   * as they are now.
   *
   * @throws WharfError unauthenticated where it was revoked, its token has ended, or it has lost a scope.
   */
  async function look(also: readonly Key[] = []): Promise<{ caller: Caller; items: Item[] }> {
    const seen = await refreshCaller(deps, caller, also);
    if ([...caller.scopes].some((scope) => !holds(seen.caller.scopes, scope)))
      throw unauthenticated("A scope has been taken from the client; ask for a new token.");
    lookedAt = now();
    return seen;
  }

  /** @returns the caller as it is now, where it was looked at again. @throws WharfError wait_limit; unauthenticated */
  async function pause(ms: number): Promise<Caller | undefined> {
    giveBack ??= await takeWaitPlace(deps, kind, caller.id);
    await sleep(ms);
    return now() - lookedAt >= LOOK_MS ? (await look()).caller : undefined;
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
