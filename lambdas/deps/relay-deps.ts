import { eventBus } from "#aws/events.ts";
import type { RelayDeps } from "#core/events/deps.ts";
import { readEnv } from "../env.ts";
import { tableDeps } from "./table-deps.ts";

/** What relaying events needs, from the function's environment; built once per cold start. */
export function relayDeps(): RelayDeps {
  return { ...tableDeps(), bus: eventBus(readEnv(["BUS_NAME"])) };
}
