/** Who reads a link, judged by what the request is. */

import { acceptsOf, prefersHtml } from "#http/prefers-html.ts";
import { isPreviewer } from "./link-previewers.ts";

/**
 * `person`: a browser that shows what it gets. `preview`: somebody looks for others, or a page embeds it.
 * `prefetch`: a browser that may show it later. `program`: it wants the bytes.
 */
export type Reader = "person" | "preview" | "prefetch" | "program";

type Header = (name: string) => string | undefined;

/** Judges a request by its headers. Nothing is allowed or forbidden by it: it says what serves the reader. */
export function readerOf(header: Header): Reader {
  if (isPrefetch(header)) return "prefetch";
  const mode = header("sec-fetch-mode");
  if (mode === "navigate")
    // `<a download>`: Chromium navigates to nowhere, and saves what it gets.
    return header("sec-fetch-dest") === "empty" ? "program" : "person";
  if (isPreviewer(header("user-agent"))) return "preview";
  // An `<img>`, `<video>` or `<script>` of a page, or its fetch that may read nothing (Fetch, 3.1.7).
  if (mode === "no-cors") return "preview";
  return wantsPage(header) ? "person" : "program";
}

/** Sources: HTML, 7.7 (`Sec-Purpose`); Chromium's `Purpose` and Safari's `X-Purpose`; Firefox's older `X-Moz` (MDN). */
function isPrefetch(header: Header): boolean {
  const says = (name: string, word: string) =>
    (header(name) ?? "")
      .toLowerCase()
      .split(/[;,\s]/)
      .includes(word);
  return (
    says("sec-purpose", "prefetch") ||
    says("purpose", "prefetch") ||
    says("x-purpose", "preview") ||
    says("x-moz", "prefetch")
  );
}

/**
 * Whether a request without Fetch Metadata's mode is a browser's: it likes HTML best, and says whose language it is to
 * be in. Java's `HttpURLConnection` and wget2 like HTML best too, for no reason, and take anything in no language.
 * Who takes nothing else than HTML gets it.
 */
function wantsPage(header: Header): boolean {
  const accept = header("accept");
  if (!prefersHtml(accept)) return false;
  const agent = header("user-agent");
  const named = agent !== undefined && !/^(mozilla|opera)\//i.test(agent);
  return acceptsOf(accept).anything === 0 || !named || header("accept-language") !== undefined;
}
