/**
 * True where `Accept` names HTML and likes nothing unnamed better: browsers do, curl, requests and fetch don't; Java and wget2 do.
 *
 * RFC 9110, 12.5.1. */
export function prefersHtml(accept: string | undefined): boolean {
  const { html, anything } = acceptsOf(accept);
  return html > 0 && html >= anything;
}

/** How much `Accept` likes HTML and what it doesn't name, 0 … 1. */
export function acceptsOf(accept: string | undefined): { html: number; anything: number } {
  let html = 0;
  let anything = 0;
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const quality = qualityOf(parameters);
    if (type === "text/html" || type === "application/xhtml+xml") html = Math.max(html, quality);
    else if (type === "*/*") anything = Math.max(anything, quality);
  }
  return { html, anything };
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith("q="));
  if (given === undefined) return 1;
  const quality = Number(given.slice(2));
  return quality >= 0 && quality <= 1 ? quality : 0;
}
