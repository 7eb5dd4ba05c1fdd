import { WharfError } from "#core/kernel/error.ts";
import type { App } from "./context.ts";

/** 405 with the methods that a path has. */
export function methodNotAllowed(
  app: Pick<App, "routes">,
  { method, path }: { method: string; path: string },
): WharfError {
  const allowed = methodsOf(app, path).join(", ");
  // RFC 9110, 15.5.6: Allow is a must.
  const headers = { Allow: allowed };
  return new WharfError("method_not_allowed", `${path} takes ${allowed}, not ${method}.`, {}, { headers });
}

/** Methods that have a route at `path`: where it is one's own name, those of no pattern that fits it too. */
export function methodsOf(app: Pick<App, "routes">, path: string): string[] {
  const routes = app.routes.filter((route) => route.method !== "ALL");
  const named = routes.filter((route) => route.path === path);
  const found = named.length > 0 ? named : routes.filter((route) => patternOf(route.path).test(path));
  // Hono answers HEAD by the route of GET.
  const methods = found.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return [...new Set(methods)].sort();
}

/** Whether a path that fits `pattern` (Hono's form) is the own name of other routes: `/v1/files/upload` is no file's. */
export function isAnothers(app: Pick<App, "routes">, pattern: string, path: string): boolean {
  return pattern !== path && app.routes.some((route) => route.method !== "ALL" && route.path === path);
}

const patternOf = (path: string) =>
  new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`);
