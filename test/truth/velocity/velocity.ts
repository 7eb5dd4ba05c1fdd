/** The part `velocity`: every mapping template of the API in Apache Velocity, beside the local cloud's engine. */
import { isDeepStrictEqual } from "node:util";
import { type Overrides, render } from "@wharf/local-cloud/apigateway/velocity.ts";
import { ensureAssembly } from "#start/assembly.ts";
import type { Check, Outcome, Part, Tell } from "../part.ts";
import { type Asked, type Rendered, renderInVelocity, VERSIONS } from "./engine.ts";
import { language, scope } from "./language.ts";
import { type ApiTemplates, readTemplates } from "./templates.ts";
import { type Mapping, type Vector, vectors } from "./vectors.ts";

const covered: Check = {
  name: "every mapping template of the API has vectors",
  behaviours: ["apigateway.mapping"],
};
/** API Gateway itself has no Velocity there: it proves nothing of AWS, but that nothing else could be read into them. */
const plain: Check = { name: "gateway responses hold nothing that Velocity reads otherwise", behaviours: [] };
const mapping = (name: string): Check => ({ name, behaviours: ["apigateway.mapping"] });

export const velocity: Part = {
  name: "velocity",
  by: `Apache Velocity ${VERSIONS.join(" and ")}`,
  about: "mapping templates with their vectors in Velocity itself, beside the local cloud's engine",
  checks: [
    covered,
    ...vectors.map(({ name }) => mapping(name)),
    ...Object.keys(language).map(mapping),
    plain,
  ],
  async run(tell) {
    const templates = readTemplates(await ensureAssembly());
    tell(covered.name, coverage(templates));
    const cases = [...templates.mappings].flatMap(([text, own]) => vectorCases(text, own));
    const words = Object.entries(language).flatMap(([name, texts]) =>
      texts.map((template): Case => ({ name, template, scope })),
    );
    const answers = templates.gatewayResponses.map(
      ({ template, type }): Case => ({
        name: plain.name,
        template,
        scope: { ...scope, body: "" },
        expected: template.replaceAll("$context.requestId", "req-1"),
        about: type,
      }),
    );
    compare([...cases, ...words, ...answers], tell);
  },
};

interface Case extends Asked {
  /** The check that it belongs to. */
  readonly name: string;
  readonly expected?: Vector | string;
  readonly about?: string;
}

function vectorCases(template: string, own: Mapping): Case[] {
  return vectors
    .filter((vector) => vector.mapping === own)
    .map((vector) => ({ name: vector.name, template, scope: vector.scope, expected: vector }));
}

function coverage({ mappings, unknown }: ApiTemplates): Outcome {
  const found = new Set(mappings.values());
  const without = vectors.filter((vector) => !found.has(vector.mapping));
  if (unknown.length > 0) return { outcome: "failed", detail: `no vectors are for ${unknown.join(" | ")}` };
  if (without.length > 0)
    return { outcome: "failed", detail: `no template takes ${without.map(({ name }) => name).join(", ")}` };
  return { outcome: "passed", detail: `${mappings.size} templates, ${vectors.length} vectors` };
}

/** Tells each check once, of all its cases. */
function compare(cases: readonly Case[], tell: Tell): void {
  const rendered = VERSIONS.map((version) => ({ version, all: renderInVelocity(version, cases) }));
  const wrong = new Map<string, string[]>(cases.map(({ name }) => [name, []]));
  for (const [index, one] of cases.entries()) {
    const ours = renderHere(one);
    const found = wrong.get(one.name) ?? [];
    found.push(...unexpected(one, ours));
    for (const { version, all } of rendered) {
      const theirs = all[index];
      if (!isDeepStrictEqual(theirs, ours))
        found.push(
          `${one.about ?? one.template.slice(0, 80)}: ${version} ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}`,
        );
    }
  }
  for (const [name, found] of wrong)
    tell(name, found.length === 0 ? { outcome: "passed" } : { outcome: "failed", detail: found.join("; ") });
}

function renderHere({ template, scope }: Asked): Rendered {
  try {
    return render(template, scope);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function unexpected({ expected }: Case, ours: Rendered): string[] {
  if (expected === undefined) return [];
  if ("error" in ours) return [ours.error];
  if (typeof expected === "string") return ours.text === expected ? [] : [`ours is ${ours.text}`];
  const made = "json" in expected.made ? { json: JSON.parse(ours.text) } : { text: ours.text };
  const wanted: { made: object; overrides: Overrides } = {
    made: expected.made,
    overrides: expected.overrides,
  };
  return isDeepStrictEqual({ made, overrides: ours.overrides }, wanted)
    ? []
    : [`ours is ${JSON.stringify(ours)}`];
}
