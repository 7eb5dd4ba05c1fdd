/** The templates of the API as it is synthesized. */
import { readStacks } from "@wharf/local-cloud/template/stacks.ts";
import { z } from "zod";
import { chunkAnswerTemplate, chunkFailureTemplate, chunkRequestTemplate } from "#lib/chunk-method.ts";
import type { Mapping } from "./vectors.ts";

export interface ApiTemplates {
  /** Each text once, with what it is for. */
  readonly mappings: ReadonlyMap<string, Mapping>;
  /** Mapping templates that none of the vectors is for. */
  readonly unknown: readonly string[];
  readonly gatewayResponses: readonly { readonly type: string; readonly template: string }[];
}

const known = new Map<string, Mapping>([
  [chunkRequestTemplate, "event"],
  [chunkAnswerTemplate, "answer"],
  [chunkFailureTemplate, "failure"],
]);

const texts = z.record(z.string(), z.string()).default({});
const method = z.object({
  Integration: z.object({
    RequestTemplates: texts,
    IntegrationResponses: z.array(z.object({ ResponseTemplates: texts })).default([]),
  }),
});
const gatewayResponse = z.object({ ResponseType: z.string(), ResponseTemplates: texts });

/** Reads all stacks of the assembly in `folder`. */
export function readTemplates(folder: string): ApiTemplates {
  const all = readStacks(folder).flatMap(({ template }) => Object.values(template.Resources));
  const ofType = (type: string) =>
    all.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
  const found = new Set(ofType("AWS::ApiGateway::Method").flatMap(mappingsOf));
  return {
    mappings: new Map([...known].filter(([text]) => found.has(text))),
    unknown: [...found].filter((text) => !known.has(text)),
    gatewayResponses: ofType("AWS::ApiGateway::GatewayResponse").flatMap(responsesOf),
  };
}

function mappingsOf(properties: unknown): string[] {
  const { RequestTemplates, IntegrationResponses } = method.parse(properties).Integration;
  return [RequestTemplates, ...IntegrationResponses.map((one) => one.ResponseTemplates)].flatMap((own) =>
    Object.values(own),
  );
}

function responsesOf(properties: unknown) {
  const { ResponseType: type, ResponseTemplates } = gatewayResponse.parse(properties);
  return Object.values(ResponseTemplates).map((template) => ({ type, template }));
}
