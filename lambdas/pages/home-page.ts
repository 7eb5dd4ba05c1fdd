/** The origin's start page. */
import { escapeHtml } from "./html.ts";
import type { Operator } from "./operator.ts";
import type { Page } from "./page.ts";

/** Says what this is, who runs it and how to reach them. `publicUrl`: where clients reach the API. */
export function homePage({ name, contact, guides }: Operator, publicUrl: string): Page {
  const docs = escapeHtml(`${publicUrl}/docs`);
  const who = name === undefined ? "Whoever sent you a link here runs it" : `${escapeHtml(name)} runs it`;
  const reach =
    contact === undefined
      ? "."
      : `: <a href="${escapeHtml(contact)}">${escapeHtml(contact.replace(/^(mailto|tel):/i, ""))}</a>.`;
  const own = guides === undefined ? "" : `<li><a href="${escapeHtml(guides)}">Guides</a>`;
  return {
    icon: "file",
    title: name === undefined ? "Wharf" : `Wharf of ${name}`,
    content: `<h1>This is a Wharf</h1>
<p>Programs share files here, by links that expire. If somebody sent you one, open it whole: it looks like
${escapeHtml(publicUrl)}/s/… and ends in 22 characters.</p>
<p>${who}${reach}</p>
<ul>${own}<li><a href="${docs}#start">Getting started with the API</a><li><a href="${docs}">API reference</a>
<li><a href="${docs}#event-types">Events and webhooks</a><li><a href="${escapeHtml(publicUrl)}/openapi.json">openapi.json</a></ul>`,
  };
}
