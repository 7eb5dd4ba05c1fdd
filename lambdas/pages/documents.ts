/** What the API says of itself, in a file of their own beside the function's bundle. */
import { createHash } from "node:crypto";
import { openApi } from "#contract/openapi.ts";
import { docsStyle } from "./docs-style.ts";

export { eventCatalogue } from "#contract/event-types.ts";
export { docsPage } from "./docs-page.ts";

/** The OpenAPI document as JSON text. */
export function openApiText(...given: Parameters<typeof openApi>): string {
  return JSON.stringify(openApi(...given));
}

const style = createHash("sha256").update(docsStyle).digest("base64");

/** `Content-Security-Policy` of the docs, which run nothing. */
export const docsPolicy = `default-src 'none'; img-src data:; style-src 'sha256-${style}'; base-uri 'none'; frame-ancestors 'none'`;
