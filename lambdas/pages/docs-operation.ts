/** One operation of the reference: what it does, how to call it, what goes in, what comes out. */
import type { ErrorCode } from "#contract/errors.ts";
import { inlined, jsonSchema } from "#contract/json-schema.ts";
import { errorsOf } from "#contract/openapi.ts";
import { type Route, requestHeaders } from "#contract/route.ts";
import { escapeHtml } from "./html.ts";
import { type Field, noteOf, shapesOf, shownType } from "./schema-fields.ts";

/** A route's section of the API's reference, as HTML. `server`: the origin that its example calls. */
export function operation(route: Route, server: string): string {
  const { id, method, path, summary, description, example } = route;
  return `<section aria-labelledby="${id}"><h3 id="${id}"><a href="#${id}"><b class="${method.toLowerCase()}">${method}</b> ${escapeHtml(path)}</a></h3>
<p><strong>${escapeHtml(summary)}.</strong> ${prose(description ?? "")} ${access(route)}</p>
<pre>${escapeHtml(curl(route, server))}</pre>
${parameters(route)}
${route.body === undefined ? "" : `<h4>Request <small>${route.bodyType ?? "application/json"}</small></h4>${shapes(shapesOf(inlined(jsonSchema(route.body, "input"))), "required")}`}
${Object.entries(route.responses)
  .map(([status, response]) => answer(status, response))
  .join("")}
${example?.response === undefined ? "" : `<details><summary>Example of the answer</summary><pre>${escapeHtml(JSON.stringify(example.response, null, 2))}</pre></details>`}
<p class="codes">Errors: ${errorsOf(route).map(codeLink).join(" ")}</p></section>`;
}

/** Text of the contract, whose backticks mark code. */
export function prose(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function codeLink(code: ErrorCode): string {
  return `<a href="#error-${code}"><code>${code}</code></a>`;
}

function access({ scopes }: Route): string {
  if (scopes === "public") return "No token is needed.";
  if (scopes.length === 0) return "Needs a token of any scope.";
  return `Needs ${scopes.map((scope) => `<code>${scope}</code>`).join(" or ")}.`;
}

/** A call that can be pasted once its `$ID` and the like are filled in. */
function curl({ method, path, scopes, bodyType, body, example }: Route, server: string): string {
  const url = `"${server}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name === "token" ? "CLAIM_TOKEN" : name.toUpperCase()}`)}"`;
  const lines = [`curl${method === "GET" ? "" : ` -X ${method}`} ${url}`];
  if (scopes !== "public") lines.push(`-H "Authorization: Bearer $TOKEN"`);
  if (bodyType === "multipart/form-data") lines.push("-F file=@report.pdf");
  else if (bodyType === "application/octet-stream") return `${lines.join(" ")} -L -T chunk.bin`;
  else if (body !== undefined && bodyType === undefined) {
    lines.push("-H content-type:application/json");
    lines.push(`-d ${quote(JSON.stringify(example?.request ?? {}))}`);
  }
  return lines.join(" \\\n  ");
}

/** A shell's word in single quotes. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function parameters(route: Route): string {
  const rows = [
    ...Object.entries(route.params).map(([name, schema]) => {
      const json = jsonSchema(schema, "input");
      return row(`{${name}}`, shownType(json), noteOf(json), "");
    }),
    ...Object.entries(route.query).map(([name, schema]) => {
      const json = jsonSchema(schema, "input");
      return row(`?${name}`, shownType(json), noteOf(json), "");
    }),
    ...Object.entries(requestHeaders(route)).map(([name, schema]) => {
      const needed = schema.safeParse(undefined).success ? "" : "required";
      return row(name, "header", noteOf(jsonSchema(schema, "input")), needed);
    }),
  ];
  return rows.length === 0 ? "" : `<h4>Parameters</h4>${table(rows)}`;
}

function answer(status: string, { description, schema, headers = {} }: Route["responses"][number]): string {
  const named = Object.entries(headers).map(([name, what]) => row(name, "header", what, ""));
  return `<h4>${status} <small>${prose(description)}</small></h4>${named.length === 0 ? "" : table(named)}${
    schema === undefined ? "" : shapes(shapesOf(inlined(jsonSchema(schema, "output"))), "optional")
  }`;
}

/** Marks what a reader must know: in a request what is needed, in an answer what may be missing. */
function shapes(all: Field[][], mark: "required" | "optional"): string {
  return all
    .map((fields) => fields.map((field) => fieldRow(field, mark)))
    .filter((rows) => rows.length > 0)
    .map(table)
    .join("<p>or</p>");
}

/** A table's row for one field. @param mark said where it applies. */
export function fieldRow({ path, type, note, required }: Field, mark: "required" | "optional"): string {
  return row(path, type, note, required === (mark === "required") ? mark : "");
}

function table(rows: string[]): string {
  return `<table><thead><tr><th scope="col">Name<th scope="col">Type<th scope="col">What</thead><tbody>${rows.join("")}</tbody></table>`;
}

function row(name: string, type: string, note: string, mark: string): string {
  return `<tr><td><code>${escapeHtml(name)}</code>${mark === "" ? "" : ` <i>${mark}</i>`}<td>${escapeHtml(type)}<td>${prose(note)}`;
}
