import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { beginLine, endLine } from "#aws/log.ts";
import { events } from "#core/events/routes.ts";
import { lockWaits } from "#core/locks/routes.ts";
import { createApp } from "#http/app.ts";
import { gatewayFacts, toRequest, toResult } from "#http/proxy.ts";
import { appDeps } from "../deps/app-deps.ts";

// Whose role changes no record of clients, so that it doesn't write when a key was used.
const app = createApp({ ...appDeps(), notesUse: false }, [lockWaits, events]);

/**
 * Callers that wait, for a lock or for events: each holds an execution environment, so each kind has a function of its
 * own, whose reserved concurrency bounds them, and leaves those of everybody else alone.
 */
export async function handler(
  event: APIGatewayProxyEvent,
  context: Pick<Context, "awsRequestId">,
): Promise<APIGatewayProxyResult> {
  beginLine(Date.now(), { function: "wait", lambda_request_id: context.awsRequestId });
  try {
    return await toResult(await app.fetch(toRequest(event), gatewayFacts(event)));
  } finally {
    endLine(Date.now());
  }
}
