import { dynamoDb } from "#aws/clients.ts";
import { createTable } from "#aws/table.ts";
import type { Deps } from "#core/deps.ts";
import { readEnv } from "../env.ts";

/** What every app needs: the table, the time, and who may call from a browser. */
export interface TableDeps extends Pick<Deps, "table" | "now"> {
  corsOrigins: readonly string[];
  /** Whether calls may wait here, which holds the environment: only where the function is there for nothing else. */
  mayWait: boolean;
}

/** Builds them from the function's environment, once per cold start. */
export function tableDeps({ mayWait }: Pick<TableDeps, "mayWait">): TableDeps {
  const env = readEnv(["TABLE_NAME", "CORS_ORIGINS"]);
  return {
    table: createTable(dynamoDb(), env.TABLE_NAME),
    corsOrigins: env.CORS_ORIGINS.split(",").map((origin) => origin.trim()),
    now: () => Date.now(),
    mayWait,
  };
}
