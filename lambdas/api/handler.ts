import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { beginLine, endLine } from "#aws/log.ts";
import { createApp } from "#http/app.ts";
import {
  type ChunkEvent,
  chunkPath,
  chunkRequest,
  gatewayFacts,
  isChunkEvent,
  toRequest,
  toResult,
} from "#http/proxy.ts";
import { docs } from "#pages/docs-routes.ts";
import { site } from "#pages/site-routes.ts";
import { apiDeps } from "../deps/api-deps.ts";
import { roomRoutes } from "./routes.ts";

const app = createApp(apiDeps(), [...roomRoutes, docs, site]);

/** API Gateway's entry: whole requests by proxy, and chunks whose bodies a mapping template has dropped. */
export async function handler(
  event: APIGatewayProxyEvent | ChunkEvent,
  context: Pick<Context, "awsRequestId">,
): Promise<APIGatewayProxyResult | ReturnType<typeof flat>> {
  beginLine(Date.now(), { function: "api", lambda_request_id: context.awsRequestId });
  try {
    return isChunkEvent(event)
      ? flat(await toResult(await app.fetch(chunkRequest(event), { path: chunkPath(event) })))
      : await toResult(await app.fetch(toRequest(event), gatewayFacts(event)));
  } finally {
    endLine(Date.now());
  }
}

/** The chunk route's response template reads one value per header, by lower-case name. */
function flat({ statusCode, multiValueHeaders = {}, body }: APIGatewayProxyResult) {
  const headers = Object.fromEntries(
    Object.entries(multiValueHeaders).map(([name, values]) => [name.toLowerCase(), String(values[0])]),
  );
  return { statusCode, headers, body };
}
