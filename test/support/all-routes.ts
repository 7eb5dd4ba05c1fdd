import { globSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Route } from "#contract/route.ts";

/** Every route that a contract defines, found by looking into all of them, so that none is forgotten. */
export async function allRoutes(): Promise<Route[]> {
  const modules = await Promise.all(
    globSync(["contract/*.ts", "lambdas/core/*/*contract.ts"]).map(
      (file): Promise<object> => import(pathToFileURL(file).href),
    ),
  );
  return modules.flatMap((module) => Object.values(module).filter(isRoute));
}

function isRoute(value: unknown): value is Route {
  return typeof value === "object" && value !== null && "path" in value && "responses" in value;
}
