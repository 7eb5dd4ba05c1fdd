import { authorize } from "#core/access/authorize.ts";
import { locateNode, nodeIn } from "#core/access/place.ts";
import { ofFile } from "#core/access/resource.ts";
import type { WaitDeps } from "#core/accounts/deps.ts";
import { startWaiting } from "#core/accounts/start-waiting.ts";
import type { Call } from "#core/kernel/call.ts";
import { isWharfError, type WharfError } from "#core/kernel/error.ts";
import { acquireLock, type LockTerms } from "./acquire-lock.ts";
import type { LockGrant } from "./contract.ts";

/** Between two looks at a held lock: 250 ms at first, 1 s at last, ±20% so that waiters don't march in step. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 1_000;

/**
 * Acquires one file's lock, waiting up to `wait_seconds` for its holder; each look costs one read.
 *
 * Nobody tells whether who asked still listens (API Gateway tells a function nothing of a client that hangs up), so a
 * lease that had to be waited for is provisional.
 *
 * @throws WharfError file_locked with the holder's facts when the wait is over; wait_limit; unauthenticated where the
 * client is revoked meanwhile; and as `acquireLocks`.
 */
export async function waitForLock(
  deps: WaitDeps,
  call: Call,
  fileId: string,
  { wait_seconds, ...terms }: LockTerms & { wait_seconds: number },
): Promise<LockGrant> {
  const until = deps.now() + wait_seconds * 1000;
  const waiting = startWaiting(deps, "lock", call.caller);
  let { ahead, access } = call;
  try {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LAST_PAUSE_MS)) {
      try {
        const provisional = waiting.hasWaited();
        return await acquireLock(deps, { ...call, ahead, access }, fileId, { ...terms, provisional });
      } catch (error) {
        if (!isWharfError(error, "file_locked")) throw error;
        const left = until - deps.now();
        if (left <= 0) throw error;
        await waiting.pause(Math.min(pause * (0.8 + Math.random() * 0.4), untilFree(error), left));
        const seen = await waiting.look(ofFile.reads({ id: fileId }));
        ahead = seen.items;
        // What it could do when the call began it may have lost while it waited.
        const located = locateNode(call.caller.id, nodeIn(ahead, fileId));
        const asked = { action: "lock", what: ofFile.what({ id: fileId }) } as const;
        access = await authorize(deps, { ...call, caller: seen.caller }, located, asked);
      }
    }
  } finally {
    await waiting.end();
  }
}

/** Milliseconds until the lease of a refusal is free for others. */
const untilFree = ({ facts }: WharfError<"file_locked">) => facts.retry_after_seconds * 1000;
