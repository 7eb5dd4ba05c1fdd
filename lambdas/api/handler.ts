import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { beginLine, endLine } from "#aws/log.ts";
import { workspaces } from "#core/access/routes.ts";
import { tokens } from "#core/accounts/routes.ts";
import { deliveries } from "#core/delivery/routes.ts";
import { webhooks } from "#core/endpoints/routes.ts";
import { events, eventTypes } from "#core/events/routes.ts";
import { files } from "#core/files/routes.ts";
import { finalizes } from "#core/finalize/routes.ts";
import { links, shares } from "#core/links/routes.ts";
import { locks, lockWaits } from "#core/locks/routes.ts";
import { uploads } from "#core/uploads/routes.ts";
import { versions } from "#core/versions/routes.ts";
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

const app = createApp(apiDeps(), [
  tokens,
  uploads,
  finalizes,
  workspaces,
  files,
  versions,
  shares,
  links,
  locks,
  // Never routed here; for the docs, and so that other methods on its path are told which one it takes.
  lockWaits,
  webhooks,
  deliveries,
  eventTypes,
  events,
  docs,
  site,
]);

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
