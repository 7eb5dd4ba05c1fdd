import { errorCodes } from "#contract/errors.ts";
import { jsonSchema } from "#contract/openapi.ts";
import type { Route } from "#contract/route.ts";
import { escapeHtml } from "./html.ts";

export const docsStyle = `
:root { color-scheme: light dark; --line: light-dark(#d8dee6, #333b45); --soft: light-dark(#f5f7f9, #171b20); }
* { box-sizing: border-box }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 6rem }
h1 { margin-bottom: .25rem } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem }
nav a { margin-right: 1rem } code, pre { font: .875em/1.5 ui-monospace, monospace }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .8rem; overflow-x: auto }
details { border: 1px solid var(--line); border-radius: 8px; margin: .6rem 0; padding: .1rem 1rem }
summary { cursor: pointer; padding: .6rem 0 } summary b { display: inline-block; min-width: 4.5rem }
summary span { opacity: .75; margin-left: .75rem }
table { border-collapse: collapse; width: 100% } td, th { border-top: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top }
`;

/** The reference as one page of plain HTML, from the same routes as `/openapi.json`. */
export function docsPage(routes: readonly Route[], server: string): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))];
  const section = (tag: string) =>
    `<h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>${routes
      .filter((route) => route.tag === tag)
      .map(operation)
      .join("")}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wharf API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${docsStyle}</style></head><body>
<h1>Wharf API</h1><p>Origin: <code>${escapeHtml(server)}</code> · <a href="openapi.json">openapi.json</a></p>
<nav>${tags.map((tag) => `<a href="#${escapeHtml(tag)}">${escapeHtml(tag)}</a>`).join("")}<a href="#errors">Errors</a></nav>
<h2>Tokens</h2><p><code>POST /v1/auth/token</code> with <code>{client_id, client_secret}</code> gives
<code>{access_token, token_type, expires_in, scope}</code>; send it as <code>Authorization: Bearer …</code>.</p>
${tags.map(section).join("")}
<h2 id="errors">Errors</h2><p>Problem details (RFC 9457); <code>code</code> is stable.</p>
<table><tr><th>code<th>status<th>title</tr>${Object.entries(errorCodes)
    .map(
      ([code, [status, title]]) => `<tr><td><code>${code}</code><td>${status}<td>${escapeHtml(title)}</tr>`,
    )
    .join("")}</table></body></html>`;
}

function operation(route: Route): string {
  const scopes =
    route.scopes === "public" ? "no token needed" : `scope ${route.scopes.join(" or ") || "any"}`;
  const inputs = [
    ...Object.entries(route.params).map(([name, schema]) => ["path", name, schema] as const),
    ...Object.entries(route.query).map(([name, schema]) => ["query", name, schema] as const),
  ];
  const headers = Object.entries(route.headers ?? {});
  const rows = [
    ...inputs.map(([where, name, schema]) => [where, name, JSON.stringify(jsonSchema(schema, "input"))]),
    ...headers.map(([name, what]) => ["header", name, what]),
  ];
  const table = rows
    .map(
      ([where = "", name = "", what = ""]) =>
        `<tr><td>${where}<td><code>${escapeHtml(name)}</code><td>${escapeHtml(what)}</tr>`,
    )
    .join("");
  return `<details id="${escapeHtml(route.id)}"><summary><b>${route.method}</b><code>${escapeHtml(route.path)}</code>
<span>${escapeHtml(route.summary)}</span></summary>
<p>${escapeHtml(route.description ?? "")} <em>${escapeHtml(scopes)}</em></p>
${rows.length === 0 ? "" : `<table>${table}</table>`}
${route.body === undefined ? "" : block("Request", route.bodyType ?? "application/json", jsonSchema(route.body, "input"))}
${route.example?.request === undefined ? "" : block("Example", "request", route.example.request)}
${Object.entries(route.responses)
  .map(([status, { description, schema }]) =>
    schema === undefined
      ? `<p><b>${status}</b> ${escapeHtml(description)}</p>`
      : block(status, description, jsonSchema(schema, "output")),
  )
  .join("")}
${route.example?.response === undefined ? "" : block("Example", "response", route.example.response)}
<p>Errors: ${route.errors.map((code) => `<code>${code}</code>`).join(", ") || "—"}</p></details>`;
}

function block(title: string, what: string, json: unknown): string {
  return `<p><b>${escapeHtml(title)}</b> ${escapeHtml(what)}</p><pre>${escapeHtml(JSON.stringify(json, null, 2))}</pre>`;
}
