import { listEventsRoute } from "#core/events/contract.ts";
import { readFeed } from "#core/events/read-feed.ts";
import { type App, serve } from "../serve.ts";
import type { TableDeps } from "../table-deps.ts";

/** The log of events, for receivers that can't be reached. */
export function events(app: App, deps: TableDeps): void {
  serve(app, deps, listEventsRoute, async ({ query, call }) => ({
    status: 200,
    // HEAD, and what else API Gateway routes elsewhere than GET, is answered at once.
    body: await readFeed(deps, call, deps.waitPlaces > 0 ? query : { ...query, wait: 0 }),
  }));
}
