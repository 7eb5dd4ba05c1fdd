/** Non-proxy integrations (AWS, MOCK): a mapping template makes the event, another the response. */
import { z } from "zod";
import type { ApiResponse } from "./gateway-response.ts";
import { type Integration, type IntegrationResponse, matchesMediaType, type RestApi } from "./model.ts";
import { type ApiRequest, header, lastValues, requestContext } from "./request.ts";
import type { Match } from "./router.ts";
import { type Overrides, readsBody, render, type TemplateScope } from "./velocity.ts";

export type MappedIntegration = Extract<Integration, { type: "AWS" | "MOCK" }>;

/** How the request's body becomes the integration's: by a template, as it is, or not at all (415). */
export type RequestMapping = { template: string } | "passthrough" | "refused";

/** Chooses the mapping by the request's content type (JSON where it names none). */
export function requestMapping(integration: MappedIntegration, request: ApiRequest): RequestMapping {
  const type = header(request, "content-type")?.split(";", 1)[0]?.trim().toLowerCase() || "application/json";
  const entries = Object.entries(integration.templates);
  const template = entries.find(([key]) => key.toLowerCase() === type)?.[1];
  if (template !== undefined) return { template };
  if (integration.passthrough === "NEVER") return "refused";
  if (integration.passthrough === "WHEN_NO_TEMPLATES" && entries.length > 0) return "refused";
  return "passthrough";
}

/** Whether the integration's event depends on the request's body. */
export function needsBody(mapping: RequestMapping): boolean {
  return mapping === "passthrough" || (mapping !== "refused" && readsBody(mapping.template));
}

/** Renders the event. `body` is text, or base64 where the API takes the content type as binary. */
export function mapRequest(
  api: RestApi,
  request: ApiRequest,
  match: Match,
  mapping: Exclude<RequestMapping, "refused">,
  body: string,
): { text: string; overrides: Overrides } {
  if (mapping === "passthrough")
    return { text: body === "" ? "{}" : body, overrides: { status: undefined, headers: {} } };
  return render(mapping.template, scope(api, request, match, body));
}

/** Body as a template sees it: text, or base64 for the API's binary media types unless it is to be text. */
export function templateBody(
  api: RestApi,
  integration: MappedIntegration,
  request: ApiRequest,
  body: Buffer,
): string {
  const binary = matchesMediaType(api.binaryMediaTypes, header(request, "content-type"));
  const toText = integration.type === "AWS" && integration.contentHandling === "CONVERT_TO_TEXT";
  // Binary content that is to become text becomes base64; content that isn't binary is text already.
  return binary && toText ? body.toString("base64") : body.toString("utf8");
}

const failure = z.object({ errorMessage: z.string() });

/** Makes the response from what the integration gave, or `undefined` when no integration response fits. */
export function mapResponse(
  api: RestApi,
  request: ApiRequest,
  match: Match,
  responses: IntegrationResponse[],
  result: { payload: string; failed: boolean; status?: number | undefined },
): ApiResponse | undefined {
  const chosen = choose(responses, result);
  if (!chosen) return undefined;
  const accept = header(request, "accept")?.split(",", 1)[0]?.trim();
  const [contentType, template] = Object.entries(chosen.templates).find(([type]) => type === accept) ??
    Object.entries(chosen.templates)[0] ?? ["application/json", undefined];
  const rendered =
    template === undefined
      ? { text: result.payload, overrides: { status: undefined, headers: {} } }
      : render(template, scope(api, request, match, result.payload));
  const headers = new Map<string, [string, string]>([["content-type", ["Content-Type", contentType]]]);
  const set = (name: string, value: string) => headers.set(name.toLowerCase(), [name, value]);
  for (const [target, source] of Object.entries(chosen.parameters)) {
    const name = /^method\.response\.header\.(.+)$/.exec(target)?.[1];
    const literal = /^'(.*)'$/s.exec(source)?.[1];
    if (name !== undefined && literal !== undefined) set(name, literal);
  }
  for (const [name, value] of Object.entries(rendered.overrides.headers)) set(name, value);
  const binary = chosen.contentHandling === "CONVERT_TO_BINARY";
  return {
    status: rendered.overrides.status ?? Number(chosen.statusCode),
    headers: [...headers.values()],
    body: Buffer.from(rendered.text, binary ? "base64" : "utf8"),
  };
}

function choose(
  responses: IntegrationResponse[],
  { payload, failed, status }: { payload: string; failed: boolean; status?: number | undefined },
): IntegrationResponse | undefined {
  const fallback = responses.find((response) => response.selectionPattern === undefined);
  const subject = failed ? failure.safeParse(JSON.parse(payload)).data?.errorMessage : status?.toString();
  if (subject === undefined) return fallback;
  return responses.find((response) => response.selectionPattern?.test(subject)) ?? fallback;
}

function scope(api: RestApi, request: ApiRequest, match: Match, body: string): TemplateScope {
  const decoded = Object.entries(match.pathParameters).map(([name, value]) => [name, decode(value)]);
  return {
    body,
    parameters: {
      path: Object.fromEntries(decoded),
      querystring: lastValues(request.query),
      header: lastValues(request.headers),
    },
    context: requestContext(api, request, match),
    stageVariables: api.stage?.variables ?? {},
  };
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
