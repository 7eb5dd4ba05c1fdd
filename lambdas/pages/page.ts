/** What people see: plain HTML that works without its script, on any screen, in light and dark. */
import { createHash } from "node:crypto";
import { send } from "#http/send.ts";
import { escapeHtml, ICON, palette } from "./html.ts";
import { pageScript } from "./page-script.ts";

const style = `${palette}
body { margin: 0; min-height: 100vh; min-height: 100svh; display: grid; place-items: center; padding: 1.25rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { width: 100%; min-width: 0; max-width: 27rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: clamp(1.25rem, 6vw, 2rem); box-shadow: 0 1px 2px #0000000f, 0 12px 32px -12px #00000026 }
.icon { display: grid; place-items: center; width: 3.5rem; height: 3.5rem; border-radius: .875rem; background: var(--tint); color: var(--accent) }
svg { width: 1.75rem; height: 1.75rem; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round }
h1 { font-size: 1.3rem; line-height: 1.35; margin: 1.25rem 0 0; overflow-wrap: anywhere }
p { margin: .5rem 0 0; color: var(--soft); overflow-wrap: anywhere }
p a, li a { color: var(--accent) }
ul { margin: 1rem 0 0; padding-left: 1.1rem } li { margin: .25rem 0 }
dl { margin: 1.25rem 0 0; border-top: 1px solid var(--line) }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem 0; border-bottom: 1px solid var(--line) }
dt { color: var(--soft) }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
small { display: block; color: var(--soft); font-size: .85rem }
details { margin-top: .35rem; color: var(--soft); font-size: .9rem } summary { cursor: pointer; color: var(--accent) }
.button { display: block; width: 100%; margin-top: 1.5rem; padding: .8rem 1rem; border: 1px solid transparent; border-radius: .625rem; background: var(--accent); color: var(--on); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer }
.button:hover { filter: brightness(1.08) } .button:disabled { opacity: .55; cursor: default }
.ask { margin-top: 1.25rem }
label { display: block; font-weight: 600; margin-bottom: .35rem }
input { width: 100%; padding: .7rem .8rem; border: 1px solid var(--soft); border-radius: .625rem; background: var(--card); color: inherit; font: inherit }
[aria-invalid] { border-color: var(--bad) }
.error { color: var(--bad); font-weight: 600 }
`;

const icons = {
  file: '<path d="M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8z"/><path d="M14 3v5h5M12 11v6m-2.5-2.5L12 17l2.5-2.5"/>',
  lock: '<rect x="5" y="11" width="14" height="10" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3M12 15v2"/>',
  gone: '<path d="M9 15 6.5 17.5a3.5 3.5 0 0 1-5-5L4 10m11-1 2.5-2.5a3.5 3.5 0 0 1 5 5L20 14M8 4l1 3m7 13-1-3M4 8 1.5 7M20 16l2.5 1"/>',
  done: '<circle cx="12" cy="12" r="9"/><path d="m8 12.5 2.7 2.7L16 9.5"/>',
} as const;

export interface Page {
  icon: keyof typeof icons;
  title: string;
  /** HTML of the page's body. */
  content: string;
  /** Further HTML of its head. @default none */
  head?: string;
}

function render({ icon, title, content, head = "" }: Page): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow">
${head}${ICON}<style>${style}</style></head>
<body><main><div class="icon"><svg viewBox="0 0 24 24" aria-hidden="true">${icons[icon]}</svg></div>
${content}</main><script>${pageScript}</script></body></html>
`;
}

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const POLICY = `default-src 'none'; img-src data:; style-src ${hashOf(style)}; script-src ${hashOf(pageScript)}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/** Answers with a page that runs no script but its own, loads nothing, and is framed by nobody. */
export function sendPage(status: number, page: Page, headers: Record<string, string> = {}): Response {
  return send({
    status,
    body: render(page),
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": POLICY,
      "Referrer-Policy": "no-referrer",
      "X-Frame-Options": "DENY",
      "X-Robots-Tag": "noindex, nofollow",
      ...headers,
    },
  });
}

/** For an address that leads nowhere; `home`: where the start page is. */
export function lostPage(home: string): Page {
  const page = plainPage("There is nothing here", "Check that the address is complete.");
  return {
    ...page,
    content: `${page.content}<p>Or go to the <a href="${escapeHtml(home)}">start page</a>.</p>`,
  };
}

/** Says in a sentence why there is nothing to see. */
export function plainPage(title: string, text: string): Page {
  return { icon: "gone", title, content: `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>` };
}
