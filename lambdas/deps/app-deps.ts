import type { AppDeps } from "#http/deps.ts";
import { readEnv } from "../env.ts";
import { tableDeps } from "./table-deps.ts";

/** What every app needs, from the function's environment; built once per cold start. */
export function appDeps(): AppDeps {
  const env = readEnv(["CORS_ORIGINS", "WAIT_PLACES"]);
  return {
    ...tableDeps(),
    corsOrigins: env.CORS_ORIGINS.split(",").map((origin) => origin.trim()),
    // A wait holds the environment: only functions that are there for nothing else have places.
    waitPlaces: env.WAIT_PLACES,
  };
}
