/** The AWS_PROXY integration: the event that a function gets, and the answer that it may give. */
import { z } from "zod";
import type { ApiResponse } from "./gateway-response.ts";
import { matchesMediaType, type RestApi } from "./model.ts";
import { type ApiRequest, header, lastValues, type MultiMap, requestContext } from "./request.ts";
import type { Match } from "./router.ts";

/** Event of payload format 1.0, as JSON text. */
export function proxyEvent(api: RestApi, request: ApiRequest, match: Match, body: Buffer): string {
  const binary = matchesMediaType(api.binaryMediaTypes, header(request, "content-type"));
  const none = <T extends object>(value: T) => (Object.keys(value).length === 0 ? null : value);
  return JSON.stringify({
    resource: match.resource.path,
    path: match.path,
    httpMethod: request.httpMethod,
    headers: lastValues(request.headers),
    multiValueHeaders: Object.fromEntries(request.headers),
    queryStringParameters: none(lastValues(request.query)),
    multiValueQueryStringParameters: none(Object.fromEntries(request.query)),
    pathParameters: none(match.pathParameters),
    stageVariables: none(api.stage?.variables ?? {}),
    requestContext: requestContext(api, request, match),
    body: body.length === 0 ? null : body.toString(binary ? "base64" : "utf8"),
    isBase64Encoded: binary && body.length > 0,
  });
}

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const answer = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), scalar).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(scalar)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** A function's answer as an HTTP response, or `undefined` when it is malformed (the client then gets a 502). */
export function proxyResponse(api: RestApi, request: ApiRequest, payload: string): ApiResponse | undefined {
  const parsed = answer.safeParse(JSON.parse(payload));
  if (!parsed.success) return undefined;
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = parsed.data;
  const merged: MultiMap = new Map(Object.entries(multiValueHeaders ?? {}));
  const known = new Set([...merged.keys()].map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!known.has(name.toLowerCase())) merged.set(name, [value]);
  }
  const flat = [...merged].flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  );
  if (!flat.some(([name]) => name.toLowerCase() === "content-type"))
    flat.push(["Content-Type", "application/json"]);
  const contentType = flat.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  const wanted = header(request, "accept")?.split(",", 1)[0] ?? contentType;
  // A base64 body whose media type isn't binary for the API reaches the client as base64 text.
  const decode = isBase64Encoded === true && matchesMediaType(api.binaryMediaTypes, wanted);
  return { status: statusCode, headers: flat, body: Buffer.from(body ?? "", decode ? "base64" : "utf8") };
}
