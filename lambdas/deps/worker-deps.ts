import { outboundOf } from "#core/outbound/outbound.ts";
import type { WorkerDeps } from "#core/turns/deps.ts";
import { createHostShares } from "#core/turns/host-shares.ts";
import { readEnv } from "../env.ts";
import { queueDeps } from "./queue-deps.ts";

/** What a worker that delivers needs, from the function's environment; built once per cold start. */
export function workerDeps(): WorkerDeps {
  const env = readEnv(["PUBLIC_URL", "API_HOST", "WHARF_ALLOW_LOOPBACK_HTTP"]);
  const stored = queueDeps();
  return { ...stored, outbound: outboundOf(env), hosts: createHostShares(stored) };
}
