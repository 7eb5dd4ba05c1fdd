import { bucketObjects } from "#aws/objects.ts";
import type { Deps } from "#core/deps.ts";
import { readEnv } from "../env.ts";
import { type TableDeps, tableDeps } from "./table-deps.ts";

/** What the API's routes need. */
export type ApiDeps = TableDeps & Deps;

/** Builds the API's dependencies from the function's environment, once per cold start. */
export function apiDeps(): ApiDeps {
  const env = readEnv([
    "BUCKET_NAME",
    "AWS_ENDPOINT_URL",
    "PUBLIC_URL",
    "VERSIONS_KEEP",
    "VERSIONS_KEEP_DAYS",
    "WHARF_ALLOW_LOOPBACK_HTTP",
  ]);
  return {
    ...tableDeps(),
    objects: bucketObjects(env),
    config: {
      publicUrl: env.PUBLIC_URL,
      versionsKeep: env.VERSIONS_KEEP,
      versionsKeepDays: env.VERSIONS_KEEP_DAYS,
      allowLoopbackHttp: env.WHARF_ALLOW_LOOPBACK_HTTP === "1",
    },
  };
}
