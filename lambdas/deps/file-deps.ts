import { dynamoDb } from "#aws/clients.ts";
import { bucketObjects } from "#aws/objects.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { readEnv } from "../env.ts";
import { tableDeps } from "./table-deps.ts";

/** What verbs about files need, from the function's environment; built once per cold start. */
export function fileDeps(): Deps {
  const env = readEnv([
    "BUCKET_NAME",
    "AWS_ENDPOINT_URL",
    "PUBLIC_URL",
    "VERSIONS_KEEP",
    "VERSIONS_KEEP_DAYS",
    "TRASH_DAYS",
    "CONTENT_MISMATCH",
    "SESSIONS_PER_CLIENT",
    "HASH_PLACES",
    "WHARF_ALLOW_LOOPBACK_HTTP",
  ]);
  return {
    ...tableDeps(),
    objects: bucketObjects(dynamoDb(), env),
    config: {
      publicUrl: env.PUBLIC_URL,
      versionsKeep: env.VERSIONS_KEEP,
      versionsKeepDays: env.VERSIONS_KEEP_DAYS,
      trashDays: env.TRASH_DAYS,
      sessionsPerClient: env.SESSIONS_PER_CLIENT,
      hashPlaces: env.HASH_PLACES,
      contentMismatch: env.CONTENT_MISMATCH,
      allowLoopbackHttp: env.WHARF_ALLOW_LOOPBACK_HTTP === "1",
    },
  };
}
