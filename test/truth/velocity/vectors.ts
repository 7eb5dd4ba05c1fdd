/**
 * What the API's mapping templates must make of what comes in: for the local cloud's engine, which
 * `test/lib/http-api.test.ts` asks, and for Apache Velocity.
 */
import type { Overrides, TemplateScope } from "@wharf/local-cloud/apigateway/velocity.ts";

/** Which of the chunk route's templates: the function's event, its answer to the client, or its failure. */
export type Mapping = "event" | "answer" | "failure";

export interface Vector {
  readonly name: string;
  readonly mapping: Mapping;
  readonly scope: TemplateScope;
  readonly overrides: Overrides;
  /** The text, or what it is as JSON. */
  readonly made: { readonly text: string } | { readonly json: unknown };
}

/** Texts that would break out of a JSON string, or be run as a template, where one is careless. */
const hostile: Readonly<Record<string, string>> = {
  quotes: `"},"id":"upl_2`,
  apostrophes: "it's",
  backslashes: '\\\\"\\',
  "line breaks and controls": "a\r\nb\u0001\u2028",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template's own syntax
  templates: "$input.body #set($x=1) ${context.requestId} $x",
  directives: "#if(true)a#end #foreach($a in [1..9])b#end #stop #[[c]]# ## d",
  "a comment": "#* all of it *#",
  dollars: "$ $$ $! $1 \\$input \\\\1 $0",
  "other scripts": "Übergrößé 文件 \u{1f600}",
  nothing: "",
};

const nothing: Overrides = { status: undefined, headers: {} };

interface Incoming {
  id?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string;
}

function event(name: string, incoming: Incoming, chunk: object): Vector {
  const { id, query = {}, headers = {}, body = "" } = incoming;
  const path: Record<string, string> = id === undefined ? {} : { id };
  const parameters = { path, querystring: query, header: headers };
  return {
    name: `event: ${name}`,
    mapping: "event",
    scope: { body, parameters, context: { requestId: "req-1" }, stageVariables: {} },
    overrides: nothing,
    made: { json: { chunk } },
  };
}

function outgoing(mapping: "answer" | "failure", name: string, body: string) {
  const parameters = { path: {}, querystring: {}, header: {} };
  return {
    name: `${mapping}: ${name}`,
    mapping,
    scope: { body, parameters, context: { requestId: "req-1" }, stageVariables: {} },
  };
}

interface Answer {
  statusCode: number;
  headers?: Record<string, string>;
  body?: string | null;
}

/** An answer whose headers reach the client as `told`. */
function answer(name: string, given: Answer, told: Record<string, string>): Vector {
  return {
    ...outgoing("answer", name, JSON.stringify(given)),
    overrides: { status: given.statusCode, headers: told },
    made: { text: given.body ?? "" },
  };
}

function failure(name: string, body: string): Vector {
  return {
    ...outgoing("failure", name, body),
    overrides: {
      status: undefined,
      headers: { "Content-Type": "application/problem+json", "X-Request-ID": "req-1" },
    },
    made: {
      json: {
        type: "urn:wharf:problem:internal",
        title: "Something went wrong on our side",
        status: 500,
        detail: "Send the chunk again; quote the request_id if it goes on.",
        code: "internal",
        request_id: "req-1",
      },
    },
  };
}

const location = "https://bucket.invalid/o/1?partNumber=3&X-Amz-Signature=$a#b";

export const aPart = event(
  "a part with its headers",
  {
    id: "upl_1",
    query: { part: "3", colour: "red" },
    headers: { Authorization: "Bearer abc", "X-Request-ID": "r-1" },
    body: "the bytes",
  },
  {
    id: "upl_1",
    query: { part: "3", colour: "red" },
    headers: { authorization: "Bearer abc", "x-request-id": "r-1" },
  },
);

export const vectors: readonly Vector[] = [
  aPart,
  event("no query and no headers", { id: "upl_1" }, { id: "upl_1", query: {}, headers: {} }),
  event("no id", { query: { part: "1" } }, { id: "", query: { part: "1" }, headers: {} }),
  event(
    "parameters without names or values",
    { id: "upl_1", query: { "": "", part: "" }, headers: { "X-Empty": "" } },
    { id: "upl_1", query: { "": "", part: "" }, headers: { "x-empty": "" } },
  ),
  ...Object.entries(hostile).map(([name, text]) => {
    const value = text.replaceAll("'", "?");
    return event(
      `${name} stay one JSON value`,
      { id: text, query: { part: text, [text]: "1" }, headers: { "X-Request-ID": text }, body: text },
      { id: value, query: { part: value, [value]: "1" }, headers: { "x-request-id": value } },
    );
  }),

  answer(
    "a redirect, without headers that nobody named",
    { statusCode: 307, headers: { location, "x-request-id": "r-1", "set-cookie": "no" }, body: "" },
    { Location: location, "X-Request-ID": "r-1" },
  ),
  answer(
    "a refusal",
    {
      statusCode: 401,
      headers: { "content-type": "application/problem+json", "www-authenticate": "Bearer" },
      body: JSON.stringify({ code: "unauthenticated", detail: `"it's"` }),
    },
    { "Content-Type": "application/problem+json", "WWW-Authenticate": "Bearer" },
  ),
  answer(
    "every header",
    {
      statusCode: 503,
      headers: {
        "cache-control": "no-store",
        "retry-after": "1",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "https://app.example",
        "access-control-expose-headers": "Location, Retry-After",
        vary: "Origin",
      },
      body: "x",
    },
    {
      "Cache-Control": "no-store",
      "Retry-After": "1",
      "X-Content-Type-Options": "nosniff",
      "Access-Control-Allow-Origin": "https://app.example",
      "Access-Control-Expose-Headers": "Location, Retry-After",
      Vary: "Origin",
    },
  ),
  answer("no body", { statusCode: 204, headers: {} }, {}),
  answer("a body that is null", { statusCode: 204, headers: {}, body: null }, {}),
  answer("no headers", { statusCode: 200, body: "x" }, {}),
  answer("an empty header", { statusCode: 200, headers: { vary: "" }, body: "x" }, {}),
  ...Object.entries(hostile).map(([name, text]) =>
    answer(
      `${name} as they are`,
      { statusCode: 400, headers: { location: text }, body: text },
      text === "" ? {} : { Location: text },
    ),
  ),

  failure(
    "an error says nothing of itself",
    JSON.stringify({ errorType: "Error", errorMessage: "secret", trace: ["secret"] }),
  ),
  failure("hostile words", JSON.stringify({ errorMessage: Object.values(hostile).join("\n") })),
  failure("a time-out", JSON.stringify({ errorMessage: "Task timed out after 29.00 seconds" })),
  failure("nothing", ""),
  failure("no JSON", "<html>"),
];
