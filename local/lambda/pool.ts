/** The execution environments of one function: started on demand, kept warm, retired when idle. */
import { AwsError } from "../types.ts";
import type { Environment, InvokeRequest, InvokeResult } from "./environment.ts";

/** How long a request waits for a free environment. */
interface Patience {
  /** Real milliseconds. @default no end */
  waitMs?: number;
  /** Aborted when nobody wants the answer any more: what hasn't begun by then never does. */
  signal?: AbortSignal;
}

export interface Pool {
  /**
   * Runs a request in a free environment, or waits for one. Throws `TooManyRequestsException` past a reserved limit,
   * when its time is over, or at once where too many with a limit to their patience wait.
   */
  run(request: InvokeRequest, patience?: Patience): Promise<InvokeResult>;
  stop(): Promise<void>;
}

interface Entry {
  environment: Environment;
  /** Epoch ms (by the cloud's clock) at which its credentials end. */
  expiresAt: number;
  idleTimer: NodeJS.Timeout | undefined;
}

const IDLE_MS = 5 * 60_000;
/** Requests with a limit to their patience that wait at once, per function. */
const MAX_WAITING = 100;
/** Credentials must outlive the URLs that a function signs right after it is picked. */
const MIN_CREDENTIAL_MS = 60 * 60_000;

/**
 * `limit` environments at most. With `reserved`, a request past the limit is refused as Lambda does;
 * without, it waits a moment: a laptop's limit is lower than an account's, and waiting hides that.
 */
export function createPool({
  start,
  now,
  limit,
  reserved,
}: {
  start: () => { environment: Environment; expiresAt: number };
  now: () => number;
  limit: number;
  reserved: boolean;
}): Pool {
  const free: Entry[] = [];
  const busy = new Set<Entry>();
  /** In the order of arrival. */
  const waiting = new Set<(entry: Entry) => void>();

  function retire(entry: Entry) {
    clearTimeout(entry.idleTimer);
    const index = free.indexOf(entry);
    if (index >= 0) free.splice(index, 1);
    return entry.environment.kill();
  }

  function pick(): Entry | undefined {
    // Last in, first out: the warmest is reused, the others fall idle and are retired.
    for (let entry = free.pop(); entry; entry = free.pop()) {
      clearTimeout(entry.idleTimer);
      if (entry.environment.alive() && entry.expiresAt - now() > MIN_CREDENTIAL_MS) return entry;
      void entry.environment.kill();
    }
    if (busy.size >= limit) return undefined;
    return { ...start(), idleTimer: undefined };
  }

  async function claim({ waitMs, signal }: Patience): Promise<Entry> {
    signal?.throwIfAborted();
    const entry = pick();
    if (entry) {
      busy.add(entry);
      return entry;
    }
    if (reserved || (waitMs !== undefined && waiting.size >= MAX_WAITING)) throw throttled();
    return await new Promise((resolve, reject) => {
      const timer = waitMs === undefined ? undefined : setTimeout(() => leave(throttled()), waitMs);
      const onAbort = () => leave(signal?.reason);
      signal?.addEventListener("abort", onAbort);
      waiting.add(begin);
      function begin(free: Entry) {
        stopWaiting();
        resolve(free);
      }
      function leave(reason: unknown) {
        stopWaiting();
        reject(reason);
      }
      function stopWaiting() {
        waiting.delete(begin);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      }
    });
  }

  function release(entry: Entry) {
    busy.delete(entry);
    if (entry.environment.alive()) {
      entry.idleTimer = setTimeout(() => void retire(entry), IDLE_MS).unref();
      free.push(entry);
    }
    const [begin] = waiting;
    const next = begin && pick();
    if (!next) return;
    busy.add(next);
    begin(next);
  }

  return {
    async run(request, patience = {}) {
      const entry = await claim(patience);
      try {
        return await entry.environment.invoke(request);
      } finally {
        release(entry);
      }
    },
    async stop() {
      await Promise.all([...free, ...busy].map(retire));
    },
  };
}

function throttled(): AwsError {
  return new AwsError("TooManyRequestsException", "Rate Exceeded.", 429);
}
