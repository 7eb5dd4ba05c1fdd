import { deliveryQueues } from "#aws/queues.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import { readEnv } from "../env.ts";
import { tableDeps } from "./table-deps.ts";

/** What sending messages needs, from the function's environment; built once per cold start. */
export function queueDeps(): QueueDeps {
  const env = readEnv(["DELIVER_FIRST_QUEUE_URL", "DELIVER_RETRY_QUEUE_URL"]);
  return { ...tableDeps(), queues: deliveryQueues(env) };
}
