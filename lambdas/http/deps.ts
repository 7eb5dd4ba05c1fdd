import type { UseDeps, WaitDeps } from "#core/accounts/deps.ts";

/** What every app needs: the table, the time, and who may call from a browser. */
export interface AppDeps extends WaitDeps, UseDeps {
  corsOrigins: readonly string[];
}
