/** The reference as one page of plain HTML, from the same routes and schemas as `/openapi.json`. */
import type * as z from "zod";
import { problem } from "#contract/common.ts";
import { allProblems } from "#contract/error-members.ts";
import { type ErrorCode, errorCodes } from "#contract/errors.ts";
import { eventCatalogue } from "#contract/event-types.ts";
import { inlined, jsonSchema } from "#contract/json-schema.ts";
import type { Route } from "#contract/route.ts";
import { fieldRow, operation, prose } from "./docs-operation.ts";
import { docsStyle } from "./docs-style.ts";
import { escapeHtml, ICON } from "./html.ts";
import { shapesOf } from "./schema-fields.ts";

/** `server` is the origin that clients use. Every operation, event and error can be linked to by its name. */
export function docsPage(routes: readonly Route[], server: string): string {
  const tags = [...Map.groupBy(routes, ({ tag }) => tag)];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Wharf API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${ICON}<style>${docsStyle}</style></head>
<body><a class="skip" href="#main">Skip to the content</a>
<nav aria-label="Contents"><ul><li><a href="#start">Start</a><li><a href="#conventions">Conventions</a>
${tags.map(([tag, group]) => `<li><a href="#${tag}">${tag}</a><ul>${group.map(({ id, summary }) => `<li><a href="#${id}">${escapeHtml(summary)}</a>`).join("")}</ul>`).join("")}
<li><a href="#event-types">Event types</a><li><a href="#errors">Errors</a></ul></nav>
<main id="main"><h1>Wharf API</h1>
<p>Origin <code>${escapeHtml(server)}</code> · <a href="openapi.json">openapi.json</a> (OpenAPI 3.1)</p>
${start(server)}${CONVENTIONS}
${tags.map(([tag, group]) => `<h2 id="${tag}">${tag}</h2>${group.map((route) => operation(route, server)).join("")}`).join("")}
${events()}${errors()}</main></body></html>
`;
}

function start(server: string): string {
  return `<h2 id="start">Start</h2>
<p id="issueToken"><code>POST /v1/auth/token</code> takes a client's id and secret, as JSON or as RFC 6749's form with Basic
authentication, and answers a token of 15 minutes. Its errors have RFC 6749's shape: <code>{error, error_description}</code>.</p>
<pre>${escapeHtml(`TOKEN=$(curl -s ${server}/v1/auth/token -u "$WHARF_CLIENT_ID:$WHARF_CLIENT_SECRET" -d grant_type=client_credentials | jq -r .access_token)
curl -s ${server}/v1/files/upload -H "Authorization: Bearer $TOKEN" -F file=@report.pdf | jq -r .share_url`)}</pre>
<p>Files past 4 MiB go straight to S3: <a href="#startUpload">start an upload</a>, PUT its parts to the URLs that it answers,
<a href="#finalizeUpload">finalize</a>.</p>`;
}

const CONVENTIONS = `<h2 id="conventions">Conventions</h2>
<ul>
<li>JSON is snake_case, times are ISO 8601 in UTC, an id is a prefix and a ULID. Unknown fields of a request are refused by name; new fields may appear in answers.
<li><code>Authorization: Bearer …</code> on every call that needs a token. The scope <code>admin</code> allows all; with <code>files:write</code> alone a client sees its own uploads and nothing else.
<li><code>Idempotency-Key</code> (1–255 printable ASCII characters) on any POST: the same key and request within 24 hours give the first answer, with <code>Idempotency-Replayed: true</code>.
<li><code>X-Request-ID</code> (1–128 of <code>A-Za-z0-9._-</code>) is taken or made, always answered, and follows a call into logs, events and webhooks.
<li>Lists take <code>limit</code> (100 at most) and <code>cursor</code>, and answer <code>{items, next_cursor}</code>.
<li>After 429 and 503 wait for <code>Retry-After</code> seconds.
</ul>`;

function events(): string {
  const rows = eventCatalogue().map(
    ({ type, description }) =>
      `<tr id="event-${type}"><td><code>${type}</code><td colspan="2">${prose(description)}`,
  );
  return `<h2 id="event-types">Event types</h2>
<p>What <a href="#registerWebhook">webhooks</a> deliver and <a href="#listEvents">GET /v1/events</a> lists.
<a href="#listEventTypes">GET /v1/webhooks/event-types</a> has a JSON Schema and an example of each.</p>
<table><thead><tr><th scope="col">Type<th scope="col" colspan="2">When</thead><tbody>${rows.join("")}</tbody></table>`;
}

const EXAMPLE = {
  type: "urn:wharf:problem:parts_missing",
  title: errorCodes.parts_missing[1],
  status: errorCodes.parts_missing[0],
  detail: "Part 3 has not arrived; send it and finalize again.",
  code: "parts_missing" satisfies ErrorCode,
  request_id: "ci-4711",
  missing_parts: [[3, 3]],
};

function errors(): string {
  const rows = [...allProblems].map(([code, schema]) => {
    const [status, title] = errorCodes[code];
    return `<tr id="error-${code}"><td><code>${code}</code><td>${status}<td><strong>${escapeHtml(title)}</strong>${members(schema)}`;
  });
  return `<h2 id="errors">Errors</h2>
<p>Problem details (RFC 9457) as <code>application/problem+json</code>. <code>code</code> is stable, <code>detail</code> is for people, and the
facts to act on stand beside them, below each code that has any. <code>/openapi.json</code> has a schema for each code:
<code>FileLockedProblem</code> for <code>file_locked</code>. Take a code that you don't know by its status: there may be more in time.</p>
<pre>${escapeHtml(JSON.stringify(EXAMPLE, null, 2))}</pre>
<table><thead><tr><th scope="col">Code, and what its problems tell<th scope="col">Status, type<th scope="col">Meaning</thead><tbody>${rows.join("")}</tbody></table>`;
}

/** What problems of one code tell beside what all have. */
function members(schema: z.ZodType): string {
  return shapesOf(inlined(jsonSchema(schema, "output")))
    .flat()
    .filter(({ path }) => !Object.hasOwn(problem.shape, path))
    .map((field) => fieldRow(field, "optional"))
    .join("");
}
