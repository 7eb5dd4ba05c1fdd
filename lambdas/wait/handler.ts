import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { beginLine, endLine } from "#aws/log.ts";
import { createApp } from "../api/app.ts";
import { toRequest, toResult } from "../api/proxy.ts";
import { lockWaits } from "../api/routes/locks.ts";
import { tableDeps } from "../api/table-deps.ts";

const app = createApp(tableDeps(), [lockWaits]);

/**
 * Callers that wait for a lock: each holds an execution environment, so they have a function of their own whose
 * reserved concurrency bounds them, and leave those of everybody else alone.
 */
export async function handler(
  event: APIGatewayProxyEvent,
  context: Pick<Context, "awsRequestId">,
): Promise<APIGatewayProxyResult> {
  beginLine(Date.now(), { function: "wait", lambda_request_id: context.awsRequestId });
  try {
    return await toResult(await app.fetch(toRequest(event)));
  } finally {
    endLine(Date.now());
  }
}
