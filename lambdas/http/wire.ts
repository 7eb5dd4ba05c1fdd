/** How routes come into an app, and which of them `/openapi.json` tells of. */
import { note } from "#aws/log.ts";
import type { Route } from "#contract/route.ts";
import type { App, AppContext } from "./context.ts";
import { isAnothers } from "./method-not-allowed.ts";

type Respond = (context: AppContext) => Response | Promise<Response>;

const wired = new WeakMap<App, Route[]>();

/** The routes that `app` answers, for `/openapi.json`. */
export function routesOf(app: App): readonly Route[] {
  return wired.get(app) ?? [];
}

/** Adds a contract's route to `app`. */
export function wire(app: App, route: Route, respond: Respond): void {
  wired.set(app, [...routesOf(app), route]);
  answerAt(app, route, respond);
}

/** Adds what no contract describes: files and pages of the site. */
export function answerAt(app: App, { method, path }: Pick<Route, "method" | "path">, respond: Respond): void {
  const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
  app.on(method, pattern, async (context, next) => {
    if (isAnothers(app, pattern, context.req.path)) return next();
    // The route and never the path, which may hold a secret.
    note({ route: `${method} ${path}` });
    return respond(context);
  });
}
