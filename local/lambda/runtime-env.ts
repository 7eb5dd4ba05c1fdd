/** The variables that Lambda itself gives a function. */
import { randomUUID } from "node:crypto";
import { ACCOUNT, REGION } from "../types.ts";
import type { FunctionConfig } from "./function.ts";

/** Short-lived keys of a role, made for one environment. */
export interface RoleCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** Epoch ms. */
  expiresAt: number;
}

/** Variables for one environment that starts at `now` (epoch ms). */
export function runtimeEnv(
  config: FunctionConfig,
  credentials: RoleCredentials,
  now: number,
): Record<string, string> {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll("-", "/");
  return {
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCOUNT_ID: ACCOUNT,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_CREDENTIAL_EXPIRATION: new Date(credentials.expiresAt).toISOString(),
    AWS_LAMBDA_FUNCTION_NAME: config.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: config.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${randomUUID().replaceAll("-", "")}`,
    LAMBDA_TASK_ROOT: config.codeDir,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    _HANDLER: config.handler,
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
  };
}
