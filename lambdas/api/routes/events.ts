import { listEventsRoute } from "#contract/webhooks.ts";
import type { Deps } from "#core/deps.ts";
import { readFeed } from "#core/read-feed.ts";
import { type App, serve } from "../serve.ts";

/** The log of events, for receivers that can't be reached. */
export function events(app: App, deps: Pick<Deps, "table" | "now">): void {
  serve(app, deps, listEventsRoute, async ({ query, call }) => ({
    status: 200,
    body: await readFeed(deps, call, query),
  }));
}
