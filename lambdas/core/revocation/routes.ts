import type { TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { endClientRoute, endKeyRoute } from "./contract.ts";
import { endClient } from "./end-client.ts";
import { endKey } from "./end-key.ts";

/** How clients and keys end. */
export function revocations(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: endClientRoute,
    handle: async ({ params, query, call }) => ({
      body: await endClient(deps, call, { ...params, links: query.links }),
    }),
  });

  serve(app, deps, {
    route: endKeyRoute,
    handle: async ({ params, query, call }) => ({
      body: await endKey(deps, call, { ...params, client: query.client }),
    }),
  });
}
