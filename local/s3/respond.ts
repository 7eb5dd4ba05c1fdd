/** Answers: headers that every one has, XML documents, errors. */
import type { ServerResponse } from "node:http";
import type { AwsCall, AwsError } from "../types.ts";
import { sendError as sendAwsError } from "../wire.ts";
import type { S3Request } from "./request.ts";
import { writeXml, type XmlObject } from "./xml.ts";

// A refused upload up to this size is read to its end, so that the client gets to see the answer.
const DRAIN_LIMIT = 64 * 1024 * 1024;

/** Sets what every answer of S3 carries. */
export function setCommonHeaders(res: ServerResponse, requestId: string): void {
  res.setHeader("x-amz-request-id", requestId);
  res.setHeader("x-amz-id-2", "local");
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

/**
 * Answers an error. Whatever is left of the request's body is read and dropped, so that the client gets to see the
 * answer; behind a very long one the connection is closed.
 */
export function sendError({ call, error }: { call: AwsCall; error: AwsError }): void {
  const { req, res, requestId, path } = call;
  call.trace.status = error.status;
  if (!res.headersSent && !req.complete) {
    res.setHeader("Connection", "close");
    if (Number(req.headers["content-length"]) <= DRAIN_LIMIT) req.resume();
    else res.once("finish", () => req.destroy());
  }
  sendAwsError("s3", res, error, { requestId, method: req.method ?? "", resource: path });
}
