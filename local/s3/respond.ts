/** Answers: headers that every one has, XML documents, errors. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AwsCall, AwsError } from "../types.ts";
import { errorElement, sendError as sendAwsError, XML_DECLARATION } from "../wire.ts";
import type { S3Request } from "./request.ts";
import { writeXml, type XmlObject } from "./xml.ts";

// Bytes of a refused upload that are still taken from a client that goes on sending.
const DRAIN_LIMIT = 64 * 1024 * 1024;

type Answerable = Pick<S3Request, "call">;

/** Sets what every answer of S3 carries. */
export function setCommonHeaders(res: ServerResponse, requestId: string): void {
  res.setHeader("x-amz-request-id", requestId);
  res.setHeader("x-amz-id-2", "local");
  res.setHeader("Server", "AmazonS3");
}

/** Ends with no body. */
export function sendEmpty(request: Answerable, status: number): void {
  request.call.trace.status = status;
  request.call.res.writeHead(status, status === 204 || status === 304 ? {} : { "Content-Length": 0 }).end();
}

/** Ends with a document that is already written. */
export function sendDocument(request: Answerable, document: string, status = 200): void {
  request.call.trace.status = status;
  const headers = { "Content-Type": "application/xml", "Content-Length": Buffer.byteLength(document) };
  request.call.res.writeHead(status, headers).end(document);
}

// S3 says "periodically"; MinIO sends a space each 10 s. Here a test has to see one.
const KEEP_ALIVE_MS = 50;

/**
 * Answers 200 while `work` still runs, keeps the connection alive with white space, and ends with its document or its
 * error, as S3's long calls do. Source: Amazon S3 API Reference, CompleteMultipartUpload.
 */
export async function sendLate(request: S3Request, work: () => Promise<string>): Promise<void> {
  const { res, requestId, path, trace } = request.call;
  trace.status = 200;
  res.writeHead(200, { "Content-Type": "application/xml" });
  res.write(XML_DECLARATION);
  const keepAlive = setInterval(() => res.write(" "), KEEP_ALIVE_MS);
  try {
    res.end((await work()).slice(XML_DECLARATION.length));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    res.end(errorElement(error, { requestId, resource: path }));
  } finally {
    clearInterval(keepAlive);
  }
}

/** Ends with a document. */
export function sendXml(request: Answerable, root: string, body: XmlObject): void {
  sendDocument(request, writeXml(root, body));
}

/** Reads and drops what is left of a body, so that its client gets to see the answer; ends a very long one. */
function drain(req: IncomingMessage): void {
  let left = DRAIN_LIMIT;
  req.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) req.destroy();
  });
}

/** Answers an error of S3's. */
export function sendError({ call, error }: { call: AwsCall; error: AwsError }): void {
  const { req, res, requestId, path } = call;
  call.trace.status = error.status;
  sendAwsError("s3", res, error, { requestId, method: req.method ?? "", resource: path });
  if (!req.complete) drain(req);
}
