/** Bodies of requests, read whole. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AwsError } from "./types.ts";

/** Largest body of a JSON service, in bytes. DynamoDB: 16 MB in a batch. */
const MAX_JSON_BODY = 16 * 1024 * 1024;

const tooLarge = () =>
  new AwsError("RequestEntityTooLargeException", "The request is larger than 16 MB.", 413);

/**
 * Asks for a body that its client holds back, once: the first refusal comes before it. Until then an answer ends the
 * connection, since that body may come all the same. Source: RFC 9110, 10.1.1.
 */
export function goAhead(res: ServerResponse): () => void {
  let isAsked = false;
  res.setHeader("connection", "close");
  return () => {
    if (isAsked || res.headersSent) return;
    isAsked = true;
    res.removeHeader("connection");
    res.writeContinue();
  };
}

/** The body of a JSON service's call. @throws AwsError `RequestEntityTooLargeException` past 16 MB */
export async function readJsonBody(req: IncomingMessage, proceed: () => void): Promise<Buffer> {
  if (Number(req.headers["content-length"]) > MAX_JSON_BODY) throw tooLarge();
  return readBody(req, proceed, MAX_JSON_BODY);
}

/** Any body. */
export async function readBody(
  req: IncomingMessage,
  proceed: () => void,
  limit = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  proceed();
  const chunks: Buffer[] = [];
  let size = 0;
  // The connection has to outlive a body that is refused, for the refusal to be read.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
