/** Answers: headers that every one has, XML documents, errors. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { AwsError } from "../types.ts";
import { s3Error } from "./errors.ts";
import type { S3Request } from "./request.ts";
import { writeXml, type XmlObject } from "./xml.ts";

// A refused upload up to this size is read to its end, so that the client gets to see the answer.
const DRAIN_LIMIT = 64 * 1024 * 1024;

const hostId = (requestId: string) => createHash("sha256").update(requestId).digest("base64");

/** Sets what every answer of S3 carries. */
export function setCommonHeaders(res: ServerResponse, requestId: string): void {
  res.setHeader("x-amz-request-id", requestId);
  res.setHeader("x-amz-id-2", hostId(requestId));
  res.setHeader("Server", "AmazonS3");
}

/** Ends with no body. */
export function sendEmpty(request: S3Request, status: number): void {
  request.call.trace.status = status;
  request.call.res.writeHead(status, status === 204 || status === 304 ? {} : { "Content-Length": 0 }).end();
}

/** Ends with a document that is already written. */
export function sendDocument(request: S3Request, document: string, status = 200): void {
  request.call.trace.status = status;
  const headers = { "Content-Type": "application/xml", "Content-Length": Buffer.byteLength(document) };
  request.call.res.writeHead(status, headers).end(document);
}

/** Ends with a document. */
export function sendXml(request: S3Request, root: string, body: XmlObject): void {
  sendDocument(request, writeXml(root, body));
}

export interface ErrorAnswer {
  req: IncomingMessage;
  res: ServerResponse;
  requestId: string;
}

function plainDetails(details: Record<string, unknown>): XmlObject {
  return Object.fromEntries(
    Object.entries(details).flatMap(([name, value]) =>
      typeof value === "string" || typeof value === "number" ? [[name, value]] : [],
    ),
  );
}

/**
 * Answers an error in S3's XML and returns the status. An error that isn't AWS's own becomes `InternalError`.
 * Whatever was left of the request's body is read and dropped, or the connection closed.
 */
export function sendError({ req, res, requestId }: ErrorAnswer, error: unknown): number {
  const known = error instanceof AwsError ? error : s3Error("InternalError");
  if (res.headersSent) {
    res.destroy();
    return known.status;
  }
  setCommonHeaders(res, requestId);
  const document = writeXml("Error", {
    Code: known.code,
    Message: known.message,
    ...plainDetails(known.details),
    Resource: (req.url ?? "/").replace(/\?.*/s, ""),
    RequestId: requestId,
    HostId: hostId(requestId),
  });
  res.setHeader("Content-Type", "application/xml");
  if (!req.complete) {
    res.setHeader("Connection", "close");
    const length = Number(req.headers["content-length"]);
    if (length <= DRAIN_LIMIT) req.resume();
    else res.once("finish", () => req.destroy());
  }
  res.writeHead(known.status);
  res.end(req.method === "HEAD" ? undefined : document);
  return known.status;
}
