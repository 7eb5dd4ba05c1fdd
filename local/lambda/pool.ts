/** The execution environments of one function: started on demand, kept warm, retired when idle. */
import { AwsError } from "../types.ts";
import type { Environment, InvokeRequest, InvokeResult } from "./environment.ts";

export interface Pool {
  /** Runs a request in a free environment, or waits for one. Throws `TooManyRequestsException` past a reserved limit. */
  run(request: InvokeRequest): Promise<InvokeResult>;
  stop(): Promise<void>;
}

interface Entry {
  environment: Environment;
  /** Epoch ms (by the cloud's clock) at which its credentials end. */
  expiresAt: number;
  idleTimer: NodeJS.Timeout | undefined;
}

const IDLE_MS = 5 * 60_000;
/** Credentials must outlive the URLs that a function signs right after it is picked. */
const MIN_CREDENTIAL_MS = 60 * 60_000;

/**
 * `limit` environments at most. With `reserved`, a request past the limit is refused as Lambda does;
 * without, it waits: a laptop's limit is lower than an account's, and waiting hides that.
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
  const waiting: ((entry: Entry) => void)[] = [];

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

  function claim(): Promise<Entry> {
    const entry = pick();
    if (entry) {
      busy.add(entry);
      return Promise.resolve(entry);
    }
    if (reserved) throw new AwsError("TooManyRequestsException", "Rate Exceeded.", 429);
    return new Promise((resolve) => waiting.push(resolve));
  }

  function release(entry: Entry) {
    busy.delete(entry);
    if (entry.environment.alive()) {
      entry.idleTimer = setTimeout(() => void retire(entry), IDLE_MS).unref();
      free.push(entry);
    }
    if (waiting.length === 0) return;
    const next = pick();
    if (!next) return;
    busy.add(next);
    waiting.shift()?.(next);
  }

  return {
    async run(request) {
      const entry = await claim();
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
