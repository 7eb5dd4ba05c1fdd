/** API Gateway's proxy events (REST, payload 1.0) as fetch requests, and answers back. */
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import * as z from "zod";

/** What API Gateway knows of a request beside it. */
export interface GatewayFacts {
  /** The path as it was sent, which URLs don't keep. */
  path: string;
  /** The peer's address, not what `X-Forwarded-For` claims. */
  sourceIp: string;
}

/** The request behind an event. The host is fixed: nothing may depend on a `Host` header. */
export function toRequest(event: APIGatewayProxyEvent): Request {
  const url = new URL("http://api.invalid");
  // API Gateway decodes path parameters but hands `path` on as it came.
  url.pathname = event.path;
  for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {})) {
    for (const value of values ?? []) url.searchParams.append(name, value);
  }
  const headers = new Headers();
  for (const [name, values] of Object.entries(event.multiValueHeaders ?? {})) {
    for (const value of values ?? []) headers.append(name, byteString(value));
  }
  const body = event.httpMethod === "GET" || event.httpMethod === "HEAD" ? null : event.body;
  return new Request(url, {
    method: event.httpMethod,
    headers,
    ...(body === null ? {} : { body: Buffer.from(body, event.isBase64Encoded ? "base64" : "utf8") }),
  });
}

/** The facts beside a proxy event. */
export function gatewayFacts({ path, requestContext }: APIGatewayProxyEvent): GatewayFacts {
  return { path, sourceIp: requestContext.identity.sourceIp };
}

/** A header's value as fetch takes it: characters past U+00FF travel as the bytes of their UTF-8. */
function byteString(value: string): string {
  return /[^\0-\xff]/.test(value) ? Buffer.from(value, "utf8").toString("latin1") : value;
}

/** The answer as API Gateway takes it; every body of this API is text. */
export async function toResult(response: Response): Promise<APIGatewayProxyResult> {
  const multiValueHeaders: Record<string, string[]> = {};
  for (const [name, value] of response.headers) {
    // biome-ignore lint/plugin: headers of our own answer
    multiValueHeaders[name] = [...(multiValueHeaders[name] ?? []), value];
  }
  return {
    statusCode: response.status,
    multiValueHeaders,
    body: await response.text(),
    isBase64Encoded: false,
  };
}

const chunkEvent = z.object({
  chunk: z.object({
    id: z.string(),
    query: z.record(z.string(), z.string()),
    headers: z.record(z.string(), z.string()),
  }),
});

/** What API Gateway's mapping template makes of `PUT /v1/uploads/{id}/chunks`: everything but the body. */
export type ChunkEvent = z.infer<typeof chunkEvent>;

/** Whether a call is of the chunk route, whose mapping template makes another event than the proxy's. */
export function isChunkEvent(event: unknown): event is ChunkEvent {
  return chunkEvent.safeParse(event).success;
}

/** The same request without its body. Header values that the client didn't send come as empty strings. */
export function chunkRequest({ chunk }: ChunkEvent): Request {
  const url = new URL(`http://api.invalid/v1/uploads/${encodeURIComponent(chunk.id)}/chunks`);
  for (const [name, value] of Object.entries(chunk.query)) url.searchParams.set(name, value);
  const headers = new Headers();
  for (const [name, value] of Object.entries(chunk.headers)) {
    if (value !== "") headers.set(name, value);
  }
  return new Request(url, { method: "PUT", headers });
}

/** Where a chunk was sent to. */
export function chunkPath({ chunk }: ChunkEvent): string {
  return `/v1/uploads/${chunk.id}/chunks`;
}
