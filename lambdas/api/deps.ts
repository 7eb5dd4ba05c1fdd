import { S3Client } from "@aws-sdk/client-s3";
import { counted } from "#aws/clients.ts";
import { createObjects } from "#aws/objects.ts";
import type { Deps } from "#core/deps.ts";
import { readEnv } from "../env.ts";
import { type TableDeps, tableDeps } from "./table-deps.ts";

/** What the API's routes need. */
export type ApiDeps = TableDeps & Deps;

/** Builds the API's dependencies from the function's environment, once per cold start. */
export function apiDeps(): ApiDeps {
  const env = readEnv([
    "BUCKET_NAME",
    "PUBLIC_URL",
    "VERSIONS_KEEP",
    "VERSIONS_KEEP_DAYS",
    "WHARF_ALLOW_LOOPBACK_HTTP",
  ]);
  // Checksums that the SDK would add by itself would be signed into URLs and sent twice.
  const s3 = counted(new S3Client({ requestChecksumCalculation: "WHEN_REQUIRED" }), "s3");
  return {
    ...tableDeps(),
    objects: createObjects(s3, env.BUCKET_NAME),
    config: {
      publicUrl: env.PUBLIC_URL,
      versionsKeep: env.VERSIONS_KEEP,
      versionsKeepDays: env.VERSIONS_KEEP_DAYS,
      allowLoopbackHttp: env.WHARF_ALLOW_LOOPBACK_HTTP === "1",
    },
  };
}
