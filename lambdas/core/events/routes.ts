import type { TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import type { AppDeps } from "#http/deps.ts";
import { serve } from "#http/serve.ts";
import { eventTypesRoute, listEventsRoute } from "./contract.ts";
import { readFeed } from "./read-feed.ts";

/** The log of events, for receivers that can't be reached. */
export function events(app: App, deps: AppDeps): void {
  serve(app, deps, {
    route: listEventsRoute,
    handle: async ({ query, call }) => ({
      // HEAD, and what else API Gateway routes elsewhere than GET, is answered at once.
      body: await readFeed(deps, call, deps.waitPlaces > 0 ? query : { ...query, wait: 0 }),
    }),
  });
}

/** The types of events, each with its schema and an example. */
export function eventTypes(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: eventTypesRoute,
    handle: async () => {
      const { eventCatalogue } = await import("#pages/documents.ts");
      return { body: { items: eventCatalogue() } };
    },
  });
}
