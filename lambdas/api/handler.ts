import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { beginLine, endLine } from "#aws/log.ts";
import { createApp } from "./app.ts";
import { apiDeps } from "./deps.ts";
import {
  type ChunkEvent,
  chunkPath,
  chunkRequest,
  gatewayFacts,
  isChunkEvent,
  toRequest,
  toResult,
} from "./proxy.ts";
import { docs } from "./routes/docs.ts";
import { events } from "./routes/events.ts";
import { files } from "./routes/files.ts";
import { links } from "./routes/links.ts";
import { locks, lockWaits } from "./routes/locks.ts";
import { shares } from "./routes/shares.ts";
import { site } from "./routes/site.ts";
import { tokens } from "./routes/tokens.ts";
import { uploads } from "./routes/uploads.ts";
import { versions } from "./routes/versions.ts";
import { webhooks } from "./routes/webhooks.ts";

const app = createApp(apiDeps(), [
  tokens,
  uploads,
  files,
  versions,
  shares,
  links,
  locks,
  // Never routed here; for the docs, and so that other methods on its path are told which one it takes.
  lockWaits,
  webhooks,
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
