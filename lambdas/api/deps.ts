import { deliveryQueues } from "#aws/queues.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { outboundOf } from "#core/outbound/outbound.ts";
import type { WorkerDeps } from "#core/turns/deps.ts";
import { createHostShares } from "#core/turns/host-shares.ts";
import { type TableDeps, tableDeps } from "#http/table-deps.ts";
import type { Operator } from "#pages/operator.ts";
import { readEnv } from "../env.ts";
import { fileDeps } from "../file-deps.ts";

/** What the API's routes need. */
export type ApiDeps = TableDeps & Deps & WorkerDeps & { operator: Operator };

/** Builds the API's dependencies from the function's environment, once per cold start. */
export function apiDeps(): ApiDeps {
  const env = readEnv([
    "PUBLIC_URL",
    "API_HOST",
    "DELIVER_FIRST_QUEUE_URL",
    "DELIVER_RETRY_QUEUE_URL",
    "WHARF_ALLOW_LOOPBACK_HTTP",
    ...(["OPERATOR_NAME", "OPERATOR_CONTACT", "SECURITY_CONTACT", "GUIDES_URL"] as const),
  ]);
  const stored = tableDeps();
  return {
    ...stored,
    ...fileDeps(),
    queues: deliveryQueues(env),
    outbound: outboundOf(env),
    hosts: createHostShares(stored),
    operator: {
      name: env.OPERATOR_NAME,
      contact: env.OPERATOR_CONTACT,
      securityContact: env.SECURITY_CONTACT,
      guides: env.GUIDES_URL,
    },
  };
}
