import { dynamoDb } from "#aws/clients.ts";
import { createTable } from "#aws/table.ts";
import type { WaitDeps } from "#core/accounts/start-waiting.ts";
import { readEnv } from "#lambdas/env.ts";

/** What every app needs: the table, the time, and who may call from a browser. */
export interface TableDeps extends WaitDeps {
  corsOrigins: readonly string[];
}

/** Builds them from the function's environment, once per cold start. */
export function tableDeps(): TableDeps {
  const env = readEnv(["TABLE_NAME", "CORS_ORIGINS", "WAIT_PLACES"]);
  return {
    table: createTable(dynamoDb(), env.TABLE_NAME),
    corsOrigins: env.CORS_ORIGINS.split(",").map((origin) => origin.trim()),
    now: () => Date.now(),
    // A wait holds the environment: only functions that are there for nothing else have places.
    waitPlaces: env.WAIT_PLACES,
  };
}
