/** How AWS services write errors: S3 in XML, the JSON protocols with `__type`. */
import type { ServerResponse } from "node:http";
import { headersOf } from "./data/storage-full.ts";
import { AwsError } from "./types.ts";

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Answers an error in the wire format of `service`. Does nothing once headers are out. */
export function sendError(
  service: string,
  res: ServerResponse,
  error: AwsError,
  request: { requestId: string; method: string; resource: string },
): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  for (const [name, value] of Object.entries(headersOf(error))) res.setHeader(name, value);
  if (service === "s3") sendXmlError(res, error, request);
  else sendJsonError(res, error);
}

/** S3's `<Error>`, without the XML declaration. */
export function errorElement(error: AwsError, request: { requestId: string; resource: string }): string {
  const fields: Record<string, unknown> = {
    Code: error.code,
    Message: error.message,
    ...error.details,
    Resource: request.resource,
    RequestId: request.requestId,
    HostId: "local",
  };
  const inner = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
    .join("");
  return `<Error>${inner}</Error>`;
}

function sendXmlError(
  res: ServerResponse,
  error: AwsError,
  request: { requestId: string; method: string; resource: string },
): void {
  const body = `${XML_DECLARATION}${errorElement(error, request)}`;
  res.statusCode = error.status;
  res.setHeader("content-type", "application/xml");
  // S3 has given the connection up by then.
  if (error.code === "RequestTimeout") res.setHeader("connection", "close");
  if (request.method === "HEAD") {
    res.end();
    return;
  }
  res.setHeader("content-length", Buffer.byteLength(body));
  res.end(body);
}

/** Answers an error of a JSON protocol. `namespace` is what stands before `#` in `__type`. */
export function sendJsonError(
  res: ServerResponse,
  error: AwsError,
  namespace = "com.amazon.coral.service",
): void {
  sendJson(
    res,
    { __type: `${namespace}#${error.code}`, message: error.message, ...error.details },
    { status: error.status },
  );
}

/** Answers with a JSON document. */
export function sendJson(
  res: ServerResponse,
  value: unknown,
  { status = 200, type = "application/x-amz-json-1.0" }: { status?: number; type?: string } = {},
): void {
  const body = JSON.stringify(value);
  res.statusCode = status;
  res.setHeader("content-type", type);
  res.setHeader("content-length", Buffer.byteLength(body));
  res.end(body);
}

/** Reads the JSON object of a request's body; an empty body is an empty object. */
export function parseJson(body: Buffer | undefined): Record<string, unknown> {
  if (!body || body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (cause) {
    throw Object.assign(new AwsError("SerializationException", "The body is not valid JSON."), { cause });
  }
  if (isRecord(value)) return value;
  throw new AwsError("SerializationException", "The body is not a JSON object.");
}

/** Tells a JSON object from everything else. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Escapes text for XML, control characters included (XML 1.0 has no form for them). */
export function escapeXml(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must go
    /[&<>"'\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g,
    (char) => XML_ENTITIES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`,
  );
}

const XML_ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
