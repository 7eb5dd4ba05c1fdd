/** Writes the answer, and lets go of what the client still sends. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { declaresTooMuch, drain } from "./body.ts";
import type { ApiResponse } from "./gateway-response.ts";
import type { ApiRequest } from "./request.ts";

/** Answers. @throws TypeError when a header can't be sent; nothing is written then. */
export function send(
  req: IncomingMessage,
  res: ServerResponse,
  request: ApiRequest,
  response: ApiResponse,
): void {
  if (res.destroyed) return;
  const grouped = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of response.headers) {
    const key = name.toLowerCase();
    // Hop-by-hop headers and the length are the gateway's own.
    if (/^(connection|keep-alive|transfer-encoding|content-length|upgrade)$/.test(key)) continue;
    const entry = grouped.get(key) ?? { name, values: [] };
    entry.values.push(value);
    grouped.set(key, entry);
  }
  for (const { name, values } of grouped.values())
    res.setHeader(name, values.length === 1 ? (values[0] ?? "") : values);
  res.setHeader("x-amzn-RequestId", request.id);
  res.setHeader("x-amz-apigw-id", Buffer.from(request.id).toString("base64url").slice(0, 15).concat("="));
  if (![204, 304].includes(response.status)) res.setHeader("Content-Length", response.body.length);
  const unread = !req.complete;
  // A client that sends past the limit isn't read to its end: it gets its answer and the connection ends.
  if (unread && declaresTooMuch(req)) res.setHeader("Connection", "close");
  res.writeHead(response.status);
  res.end(request.httpMethod === "HEAD" ? undefined : response.body);
  if (unread) drain(req);
}
