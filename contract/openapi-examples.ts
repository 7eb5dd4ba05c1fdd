/** Examples for what has none of its own, made of those that schemas and other operations have. */
import * as z from "zod";
import { eventCatalogue } from "./event-types.ts";
import type { Json, JsonSchema } from "./json-schema.ts";

interface Media {
  schema: JsonSchema;
  example?: unknown;
}
const operation = z.looseObject({
  requestBody: z.looseObject({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).optional() })),
});

/** What members with such a name hold, where nobody shows a better one. */
const MEMBERS: Json = {
  access_token: "wht_…",
  answer: "",
  body_sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  client_id: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  client_secret: "whs_…",
  content_type: "application/pdf",
  event_type: "upload_completed",
  event_types: ["upload_completed"],
  events: ["upload_completed"],
  expires_in: 900,
  filename: "reports/2026/report.pdf",
  folders: ["fld_01JZZZZZZZZZZZZZZZZZZZZZZZ"],
  id: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  last_status: 200,
  last_used: "2026-01-01",
  name: "nightly",
  next_cursor: "WyJl…",
  password: "a password of some length",
  path: "reports/2026",
  rate_per_second: 50,
  remote_ip: "203.0.113.7",
  request_id: "build-1234",
  scope: "files:read files:write",
  secret: "whsec_…",
  share_url: "https://files.example.com/s/…",
  size: 1_048_576,
  subject_token: "wht_…",
  workspace: "builds",
  url: "https://ci.example.com/hooks/wharf",
};

/** What is shown of bodies: those of requests, and of answers that go well. */
const SHOWN = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];
const REFERENCE = /^#\/components\/schemas\//;

/** Examples by the names of schemas. */
type Known = Map<string, unknown>;

/**
 * Gives each body of `paths` an example that has none: what the same path's operations show of the same named schema, or
 * others do, else what its parts have, else the smallest that there is. Changes `paths`.
 */
export function addExamples(paths: Record<string, Json>, schemas: Json): void {
  // In an order of their own: which of two examples comes first doesn't depend on that of the routes.
  const byPath = Object.entries(paths)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, ofPath]) =>
      Object.entries(ofPath)
        .toSorted()
        .flatMap(([, operation]) => bodiesOf(operation)),
    );
  const [told] = eventCatalogue();
  const everywhere: Known = new Map([["Event", told?.example]]);
  for (const body of byPath.flat()) learnFrom(everywhere, body);
  for (const bodies of byPath) {
    const here: Known = new Map();
    for (const body of bodies) learnFrom(here, body);
    const known = new Map([...everywhere, ...here]);
    for (const body of bodies) body.example ??= exampleOf(known, body.schema);
  }

  function learnFrom(known: Known, { schema, example }: Media): void {
    if (example !== undefined) learn(known, schema, example);
  }

  /** Remembers what an example shows of each schema that has a name. */
  function learn(known: Known, schema: JsonSchema, example: unknown): void {
    const name = nameOf(schema);
    if (name !== undefined) {
      if (known.has(name)) return;
      known.set(name, example);
    }
    const { properties = {}, items, anyOf = [] } = resolved(schema);
    for (const [member, value] of Object.entries(Object(example) as Json)) {
      const part = properties[member];
      if (part !== undefined) learn(known, part as JsonSchema, value);
    }
    if (Array.isArray(example) && items !== undefined)
      for (const one of example) learn(known, items as JsonSchema, one);
    const [only, ...others] = anyOf.filter((one) => (one as JsonSchema).type !== "null");
    if (example !== null && only !== undefined && others.length === 0)
      learn(known, only as JsonSchema, example);
  }

  /** @param member the name under which it stands */
  function exampleOf(known: Known, schema: JsonSchema, member = ""): unknown {
    const name = nameOf(schema);
    if (name !== undefined && known.has(name)) return known.get(name);
    const { type, properties, ...one } = resolved(schema);
    if (one["example"] !== undefined) return one["example"];
    if (one.const !== undefined) return one.const;
    if (one.enum !== undefined) return one.enum[0];
    const choices = (one.anyOf ?? one.oneOf ?? []) as JsonSchema[];
    // A list that ends, an endpoint that nobody has disabled, a client without an end.
    if ([type, ...choices.map((each) => each.type)].flat().includes("null")) return null;
    // What has a pattern that nobody shows an instance of is left out: it is a secret.
    if (Object.hasOwn(MEMBERS, member)) return one.pattern === undefined ? MEMBERS[member] : undefined;
    if (one.default !== undefined) return one.default;
    if (choices[0] !== undefined) return exampleOf(known, choices[0], member);
    if (properties !== undefined) {
      // Of a form with a file no more than it must have: some of its fields exclude each other.
      const isForm = Object.values(properties).some((part) => (part as JsonSchema).format === "binary");
      const all = Object.entries(properties).filter(([name]) => !isForm || one.required?.includes(name));
      return Object.fromEntries(
        all.map(([name, part]) => [name, exampleOf(known, part as JsonSchema, name)]),
      );
    }
    if (type === "array") {
      const length = Math.max(1, Number(one["minItems"] ?? 1));
      return Array.from({ length }, () => exampleOf(known, (one.items ?? {}) as JsonSchema));
    }
    if (type === "object") return {};
    if (type === "boolean") return true;
    if (type === "integer" || type === "number") return one.minimum ?? 1;
    if (one.format === "date-time") return "2026-01-01T00:00:00.000Z";
    return one.format === "binary" ? "bytes" : "text";
  }

  function resolved(schema: JsonSchema): JsonSchema {
    const name = nameOf(schema);
    return name === undefined ? schema : { ...(schemas[name] as JsonSchema), ...withoutRef(schema) };
  }
}

const nameOf = ({ $ref }: JsonSchema) =>
  $ref !== undefined && REFERENCE.test($ref) ? $ref.replace(REFERENCE, "") : undefined;

function withoutRef({ $ref: _, ...rest }: JsonSchema): JsonSchema {
  return rest;
}

function bodiesOf(given: unknown): Media[] {
  const { requestBody, responses } = operation.parse(given);
  const good = Object.entries(responses).filter(([status]) => status.startsWith("2"));
  const contents = [requestBody?.content, ...good.map(([, { content }]) => content)];
  return contents.flatMap((content = {}) =>
    Object.entries(content).flatMap(([type, body]) => (SHOWN.includes(type) ? [body as Media] : [])),
  );
}
