/** What the API says of itself. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { problem } from "#contract/common.ts";
import { allProblems } from "#contract/error-members.ts";
import { errorCodes } from "#contract/errors.ts";
import { eventTypes } from "#contract/events.ts";
import { problemName } from "#contract/problem-with.ts";
import { eventTypeList } from "#core/events/contract.ts";
import { allRoutes } from "#test/support/all-routes.ts";
import { type Story, startStory } from "#test/support/story.ts";

const schema = z.record(z.string(), z.unknown());
const reference = z.strictObject({ $ref: z.string() });
const content = z.record(
  z.string(),
  z.strictObject({
    schema,
    example: z.unknown().optional(),
    examples: z.record(z.string(), reference).optional(),
  }),
);
const header = z.strictObject({ description: z.string(), schema });
const operation = z.strictObject({
  operationId: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  tags: z.array(z.string()).length(1),
  security: z.array(z.record(z.enum(["bearer", "oauth2"]), z.array(z.string()).optional())),
  "x-scopes": z.array(z.string()).optional(),
  parameters: z
    .array(
      z.strictObject({
        in: z.enum(["path", "query", "header"]),
        name: z.string(),
        description: z.string(),
        required: z.boolean(),
        style: z.literal("form").optional(),
        explode: z.literal(false).optional(),
        schema,
      }),
    )
    .default([]),
  requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
  responses: z.record(
    z.string().regex(/^([1-5]\d\d|default)$/),
    z.strictObject({
      description: z.string().min(1),
      headers: z.record(z.string(), z.union([header, reference])),
      content: content.optional(),
    }),
  ),
});
/** OpenAPI 3.1 as far as this API uses it; anything else in the document is a mistake. */
const openApi = z.strictObject({
  openapi: z.literal("3.1.0"),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  servers: z.array(z.strictObject({ url: z.url() })).length(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  tags: z.array(z.strictObject({ name: z.string() })),
  paths: z.record(
    z.string().startsWith("/"),
    z.partialRecord(z.enum(["get", "post", "put", "patch", "delete"]), operation),
  ),
  components: z.strictObject({
    securitySchemes: z.strictObject({
      bearer: z.strictObject({
        type: z.literal("http"),
        scheme: z.literal("bearer"),
        description: z.string(),
      }),
      oauth2: z.strictObject({
        type: z.literal("oauth2"),
        flows: z.strictObject({
          clientCredentials: z.strictObject({ tokenUrl: z.url(), scopes: z.record(z.string(), z.string()) }),
        }),
      }),
    }),
    headers: z.record(z.string(), header),
    examples: z.record(z.string(), z.strictObject({ summary: z.string(), value: problem })),
    schemas: z.record(z.string(), schema),
  }),
});

let story: Story;
let document: z.infer<typeof openApi>;
beforeAll(async () => {
  story = await startStory();
  document = openApi.parse(await (await story.api("/openapi.json", { token: null })).json());
});
afterAll(() => story?.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ path, method, ...one })),
  );

test("/openapi.json holds every route of the contract", async () => {
  const declared = (await allRoutes()).map(({ method, path, id }) => `${method} ${path} ${id}`);
  const shown = operations().map(
    ({ method, path, operationId }) => `${method.toUpperCase()} ${path} ${operationId}`,
  );
  expect(shown.sort()).toEqual([...declared, "POST /v1/auth/token issueToken"].sort());
});

test("operation ids are unique, and path parameters are the path's", () => {
  const ids = operations().map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operationId, parameters } of operations()) {
    const inPath = parameters.filter((parameter) => parameter.in === "path");
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect([operationId, inPath.map(({ name }) => name)]).toEqual([operationId, names]);
    expect(inPath.every(({ required }) => required)).toBe(true);
  }
});

test("openapi.json of the project is what the API says; `npm run openapi` writes it anew", async () => {
  const described = z.looseObject({
    servers: z.tuple([z.object({ url: z.string() })]),
    tags: z.array(z.object({ name: z.string() })),
  });
  const read = (text: string) => described.parse(JSON.parse(text));
  const committed = read(await readFile("openapi.json", "utf8"));
  const text = await (await story.api("/openapi.json", { token: null })).text();
  const served = read(text.replaceAll(read(text).servers[0].url, committed.servers[0].url));
  const byName = ({ tags }: typeof served) => tags.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect({ ...committed, tags: byName(committed) }).toEqual({ ...served, tags: byName(served) });
});

test("every reference leads somewhere", () => {
  const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
  for (const [, reference = ""] of references) {
    let target: unknown = document;
    for (const segment of reference.replace(/^#\//, "").split("/")) {
      target = z.record(z.string(), z.unknown()).parse(target)[segment];
    }
    expect([reference, typeof target]).toEqual([reference, "object"]);
  }
});

test("every operation says how it fails, and its examples fit its schemas", async () => {
  for (const { operationId, responses, security, requestBody } of operations()) {
    const statuses = Object.keys(responses);
    expect([operationId, statuses.some((status) => /^[23]/.test(status))]).toEqual([operationId, true]);
    expect([operationId, statuses]).toEqual([operationId, expect.arrayContaining(["429", "500", "503"])]);
    if (security.length > 0)
      expect([operationId, statuses]).toEqual([operationId, expect.arrayContaining(["401", "403"])]);
    if (requestBody?.content["application/json"] !== undefined && operationId !== "issueToken") {
      expect([operationId, statuses]).toEqual([operationId, expect.arrayContaining(["400", "413", "415"])]);
    }
  }
  const routes = await allRoutes();
  for (const { id, example, body, responses } of routes) {
    if (example?.request !== undefined)
      expect([id, body?.safeParse(example.request).success]).toEqual([id, true]);
    const [success] = Object.values(responses);
    if (example?.response === undefined) continue;
    expect([id, success?.schema?.safeParse(example.response).success]).toEqual([id, true]);
  }
});

test("no body is without a name, which generators would make up", () => {
  const bodies = operations().flatMap(({ operationId, requestBody, responses }) =>
    [requestBody, ...Object.values(responses)].flatMap((one) =>
      Object.entries(one?.content ?? {}).map(([type, { schema }]) => ({ operationId, type, schema })),
    ),
  );
  expect(bodies.length).toBeGreaterThan(50);
  const isNamed = (schema: unknown) => z.looseObject({ $ref: z.string() }).safeParse(schema).success;
  // Of several codes at one status, each has its own; a choice of named ones needs no name.
  const choices = z.looseObject({ oneOf: z.array(z.unknown()) }).catch({ oneOf: [{}] });
  const unnamed = bodies.filter(
    ({ type, schema }) =>
      /json|form-data/.test(type) && !isNamed(schema) && !choices.parse(schema).oneOf.every(isNamed),
  );
  expect(unnamed).toEqual([]);
});

/** Properties anywhere in a schema that say nothing of themselves; a reference may leave it to what it leads to. */
function undescribed(schema: unknown, path: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((one) => undescribed(one, path));
  if (typeof schema !== "object" || schema === null) return [];
  const { properties, ...rest } = z.looseObject({ properties: schemas.optional() }).parse(schema);
  const here = Object.entries(properties ?? {}).flatMap(([name, property]) => {
    const target = document.components.schemas[String(property["$ref"]).replace(/^.*\//, "")];
    const said = z
      .string()
      .catch("")
      .parse(property["description"] ?? target?.["description"]);
    const plain = said
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, " ")
      .trim();
    const repeats = plain === "" || plain.replace(/^the /, "") === name.replaceAll("_", " ");
    return [...(repeats ? [`${path}.${name}`] : []), ...undescribed(property, `${path}.${name}`)];
  });
  const inner = Object.entries(rest).filter(([key]) => !/^(then|else|if|not|example|default)$/.test(key));
  return [...here, ...inner.flatMap(([key, value]) => undescribed(value, `${path}/${key}`))];
}
const schemas = z.record(z.string(), schema);

test("every property says what it means, and every parameter and header", async () => {
  const catalogue = await story.json(eventTypeList, "/v1/webhooks/event-types");
  const events = Object.fromEntries(catalogue.items.map(({ type, schema }) => [type, schema]));
  expect(undescribed({ ...document.components.schemas, ...events }, "")).toEqual([]);
  const said = operations().flatMap(({ operationId, parameters, responses }) => [
    ...parameters.map(({ name, description }) => [operationId, name, description]),
    ...Object.values(responses).flatMap(({ headers }) =>
      Object.entries(headers).map(([name, value]) => [
        operationId,
        name,
        "$ref" in value || value.description,
      ]),
    ),
  ]);
  expect(said.length).toBeGreaterThan(300);
  expect(said.filter(([, , text]) => text === "")).toEqual([]);
});

test("a header that a route asks for, or holds to a form, is declared so", () => {
  const one = (id: string, name: string) =>
    operations()
      .find(({ operationId }) => operationId === id)
      ?.parameters.find((parameter) => parameter.name === name);
  expect(one("releaseLock", "Lock-Token")).toMatchObject({ in: "header", required: true });
  expect(one("deleteFile", "Lock-Token")).toMatchObject({ required: false, schema: { maxLength: 200 } });
  expect(one("changeFile", "If-Match")?.schema["pattern"]).toContain("ver_");
  expect(one("finalizeUpload", "If-None-Match")?.schema).toMatchObject({ enum: ["*"] });
  expect(one("createShare", "Idempotency-Key")?.schema).toMatchObject({ minLength: 1, maxLength: 255 });
  expect(one("getFile", "If-None-Match")?.required).toBe(false);
  // A link's page has no ETag.
  expect(one("openLink", "If-None-Match")).toBeUndefined();
  expect(operations().every(({ operationId }) => one(operationId, "X-Request-ID"))).toBe(true);
});

test("generators find named schemas, and answers are open for members to come", () => {
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(["Problem", "File", "Share", "Upload", "StartedUpload", "FinishedUpload"]),
  );
  const answers = operations().map(({ responses }) => responses);
  const closed = /"additionalProperties":false/;
  expect(JSON.stringify(answers)).not.toMatch(closed);
  const named = Object.entries(document.components.schemas);
  const parts = ["Checksum", "UploadRestriction", "SentPart", "SizedPart", "FileAccess", "FirstGrant"];
  parts.push("UploadToStart", "FileToDelete", "FileToMove", "FileToTag");
  parts.push("OfferedWorkspace", "OfferedFolder", "OfferedFile", "OfferedShare", "OfferedOrganization");
  parts.push("Policy", "AskedUpload", "AskedCreateShare", "AskedOpenShare", "AskedCall");
  parts.push("AskedCreateKey", "AskedGiveRole", "AskedRegisterWebhook", "AskedDelete");
  const requests = named.filter(([name]) => name.endsWith("Request") || parts.includes(name));
  expect(JSON.stringify(named.filter((one) => !requests.includes(one)))).not.toMatch(closed);
  for (const [name, schema] of requests)
    expect([name, JSON.stringify(schema)]).toEqual([name, expect.stringMatching(closed)]);
});

test("each error has a schema with its members, which its example fits, and routes lead to it", () => {
  for (const [code, { shape }] of allProblems) {
    const { value } = document.components.examples[code] ?? {};
    expect([code, z.strictObject(shape).safeParse(value).error]).toEqual([code, undefined]);
    expect(document.components.schemas).toHaveProperty([problemName(code)]);
  }
  const locked = operations().find(({ operationId }) => operationId === "acquireLock")?.responses["423"];
  expect(JSON.stringify(locked)).toContain("#/components/schemas/FileLockedProblem");
  expect(document.components.schemas["FileLockedProblem"]?.["properties"]).toHaveProperty("holder");
});

test("a body that may be left out is optional, and scopes are OAuth's too", () => {
  const one = (id: string) => operations().find(({ operationId }) => operationId === id);
  expect(one("finalizeUpload")?.requestBody?.required).toBe(false);
  expect(one("startUpload")?.requestBody?.required).toBe(true);
  expect(one("sendChunk")?.requestBody?.content).toHaveProperty(["application/octet-stream"]);
  expect(one("startUpload")?.security).toEqual([{ bearer: [] }, { oauth2: ["files:write"] }]);
  expect(one("openLink")?.security).toEqual([]);
  expect(document.components.securitySchemes.oauth2.flows.clientCredentials.tokenUrl).toBe(
    `${story.origin}/v1/auth/token`,
  );
});

test("a link's refusals are pages for people and problems for programs, as declared", async () => {
  const { responses } = operations().find(({ operationId }) => operationId === "openLink") ?? {};
  const types = await Promise.all(
    ["text/html", "*/*"].map(async (Accept) => {
      const answer = await story.api(`/s/${"A".repeat(22)}`, { token: null, headers: { Accept } });
      expect(answer.status).toBe(404);
      return answer.headers.get("content-type")?.split(";")[0];
    }),
  );
  expect(types).toEqual(["text/html", "application/problem+json"]);
  expect(Object.keys(responses?.["404"]?.content ?? {}).sort()).toEqual(types.toSorted());
});

test("/docs is a page that runs nothing", async () => {
  const answer = await story.api("/docs/", { token: null });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  const page = await answer.text();
  expect(page).not.toMatch(/<script|javascript:|onclick/i);
  for (const { path } of operations()) expect(page).toContain(path);
});

test("/docs has a place for every operation, event type and error, and its links lead there", async () => {
  const page = await (await story.api("/docs", { token: null })).text();
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const targets = [
    ...operations().map(({ operationId }) => operationId),
    ...eventTypes.map((type) => `event-${type}`),
    ...Object.keys(errorCodes).map((code) => `error-${code}`),
  ];
  expect(ids).toEqual(expect.arrayContaining(targets));
  const links = [...page.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, href = ""]) => href);
  const outside = links.filter((href) => !href.startsWith("#"));
  expect(outside).toEqual(["openapi.json"]);
  for (const href of links) if (href.startsWith("#")) expect(ids).toContain(href.slice(1));
  // Nothing is left blank.
  expect(page).not.toMatch(/<td>(?=<tr>|<\/tbody>)/);
  expect(page).not.toMatch(/ (src|srcset|action)=|@import|url\(/);
});

test("/healthz needs no token and no AWS call", async () => {
  story.cloud.clearTraces();
  const answer = await story.api("/healthz", { token: null });
  expect([answer.status, await answer.json()]).toEqual([200, { status: "ok" }]);
  // The sweep's calls go on beside it.
  expect(story.cloud.traces().filter(({ caller }) => caller?.startsWith("Api"))).toEqual([]);
});
