/** One request on its way through API Gateway, read once. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { reachesIntegration } from "./headers.ts";
import type { RestApi } from "./model.ts";
import type { Match } from "./router.ts";

export interface ApiRequest {
  id: string;
  httpMethod: string;
  /** Percent-encoded, with the stage where the client sent it. */
  rawPath: string;
  headers: MultiMap;
  query: MultiMap;
  sourceIp: string;
  protocol: string;
  /** Epoch ms. */
  receivedAt: number;
}

/** Names with all their values, in the order sent; the name as first sent. */
export type MultiMap = Map<string, string[]>;

/** Reads everything but the body. */
export function readRequest(req: IncomingMessage, now: number): ApiRequest {
  const url = new URL(`http://local${req.url?.startsWith("/") ? req.url : "/"}`);
  const question = req.url?.indexOf("?") ?? -1;
  return {
    id: randomUUID(),
    httpMethod: req.method ?? "GET",
    // `URL` would resolve dot segments; API Gateway routes what was sent.
    rawPath: (question < 0 ? req.url : req.url?.slice(0, question)) ?? "/",
    headers: headersOf(req),
    query: collect(url.searchParams),
    sourceIp: req.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "127.0.0.1",
    protocol: `HTTP/${req.httpVersion}`,
    receivedAt: now,
  };
}

/** The last value of a header, by any spelling of its name. */
export function header(request: ApiRequest, name: string): string | undefined {
  for (const [key, values] of request.headers) {
    if (key.toLowerCase() === name.toLowerCase()) return values.at(-1);
  }
  return undefined;
}

/** Each name with its last value, which is what single-valued maps of an event hold. */
export function lastValues(map: MultiMap): Record<string, string> {
  return Object.fromEntries([...map].map(([name, values]) => [name, values.at(-1) ?? ""]));
}

/** `$context` of a mapping template, and most of `requestContext` of a proxy event. */
export function requestContext(api: RestApi, request: ApiRequest, match: Match) {
  const host = header(request, "host") ?? "localhost";
  const stage = api.stage?.name ?? "";
  return {
    accountId: "000000000000",
    apiId: api.id,
    domainName: host.replace(/:\d+$/, ""),
    domainPrefix: host.split(".")[0]?.replace(/:\d+$/, "") ?? "",
    extendedRequestId: Buffer.from(request.id).toString("base64url").slice(0, 15).concat("="),
    httpMethod: request.httpMethod,
    identity: { sourceIp: request.sourceIp, userAgent: header(request, "user-agent") ?? null },
    path: `/${stage}${match.path}`,
    protocol: request.protocol,
    requestId: request.id,
    requestTime: clfTime(request.receivedAt),
    requestTimeEpoch: request.receivedAt,
    resourceId: match.resource.id,
    resourcePath: match.resource.path,
    stage,
  };
}

/** ARN by which a permission names this request's method. */
export function executeApiArn(api: RestApi, request: ApiRequest, match: Match): string {
  const path = match.path.replace(/^\//, "");
  return `arn:aws:execute-api:us-east-1:000000000000:${api.id}/${api.stage?.name}/${request.httpMethod}/${path}`;
}

function headersOf(req: IncomingMessage): MultiMap {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    pairs.push([req.rawHeaders[i] ?? "", req.rawHeaders[i + 1] ?? ""]);
  }
  const map = collect(pairs, (name) => name.toLowerCase());
  const forwarded = [...map].find(([name]) => name.toLowerCase() === "x-forwarded-for")?.[1].at(-1);
  for (const name of [...map.keys()]) {
    if (!reachesIntegration(name) || /^x-forwarded-(for|proto|port)$/i.test(name)) map.delete(name);
  }
  const source = req.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "127.0.0.1";
  map.set("X-Forwarded-For", [forwarded === undefined ? source : `${forwarded}, ${source}`]);
  map.set("X-Forwarded-Port", [String(req.socket.localPort ?? 0)]);
  map.set("X-Forwarded-Proto", ["http"]);
  return map;
}

function collect(pairs: Iterable<[string, string]>, fold = (name: string) => name): MultiMap {
  const spelling = new Map<string, string>();
  const map: MultiMap = new Map();
  for (const [name, value] of pairs) {
    const known = spelling.get(fold(name)) ?? name;
    spelling.set(fold(name), known);
    map.set(known, [...(map.get(known) ?? []), value]);
  }
  return map;
}

/** `09/Apr/2015:12:34:56 +0000` */
function clfTime(ms: number): string {
  const [, day, month, year, time] = new Date(ms).toUTCString().split(/,? /);
  return `${day}/${month}/${year}:${time} +0000`;
}
