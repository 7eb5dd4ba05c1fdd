/** What people see behind a link: plain HTML that works without JavaScript, on any screen, in light and dark. */
import { escapedName } from "#contract/names.ts";
import { escapeHtml, NO_ICON, palette } from "./html.ts";

export const linkStyle = `${palette}
body { margin: 0; min-height: 100vh; min-height: 100svh; display: grid; place-items: center; padding: 1.25rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: clamp(1.25rem, 6vw, 2rem); box-shadow: 0 1px 2px #0000000f, 0 12px 32px -12px #00000026 }
.icon { display: grid; place-items: center; width: 3.5rem; height: 3.5rem; border-radius: .875rem; background: var(--tint); color: var(--accent) }
svg { width: 1.75rem; height: 1.75rem; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round }
h1 { font-size: 1.3rem; line-height: 1.35; margin: 1.25rem 0 0; overflow-wrap: anywhere }
p { margin: .5rem 0 0; color: var(--soft) }
dl { margin: 1.25rem 0 0; border-top: 1px solid var(--line) }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem 0; border-bottom: 1px solid var(--line) }
dt { color: var(--soft) }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums }
small { display: block; color: var(--soft); font-size: .85rem; white-space: nowrap }
.button { display: block; width: 100%; margin-top: 1.5rem; padding: .8rem 1rem; border: 1px solid transparent; border-radius: .625rem; background: var(--accent); color: var(--on); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer }
.button:hover { filter: brightness(1.08) }
form { margin-top: 1.25rem }
label { display: block; font-weight: 600; margin-bottom: .35rem }
input { width: 100%; padding: .7rem .8rem; border: 1px solid var(--soft); border-radius: .625rem; background: var(--card); color: inherit; font: inherit }
[aria-invalid] { border-color: var(--bad) }
.error { color: var(--bad); font-weight: 600; margin-top: .5rem }
`;

const icons = {
  file: '<path d="M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8z"/><path d="M14 3v5h5M12 11v6m-2.5-2.5L12 17l2.5-2.5"/>',
  lock: '<rect x="5" y="11" width="14" height="10" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3M12 15v2"/>',
  gone: '<path d="M9 15 6.5 17.5a3.5 3.5 0 0 1-5-5L4 10m11-1 2.5-2.5a3.5 3.5 0 0 1 5 5L20 14M8 4l1 3m7 13-1-3M4 8 1.5 7M20 16l2.5 1"/>',
} as const;

export interface LinkPage {
  file: { name: string; size: number };
  link: { expires_ms: number; max_downloads?: number | undefined; downloads: number };
  /** Milliseconds since the epoch. */
  now: number;
}

/** The file's name, size and expiry, with the button. A plain link, since looking at the page downloads nothing. */
export function downloadPage({ file, link, now }: LinkPage): string {
  const name = escapedName(file.name);
  const left = link.max_downloads === undefined ? undefined : link.max_downloads - link.downloads;
  return page(
    "file",
    `Download ${name}`,
    `<h1><bdi>${escapeHtml(name)}</bdi></h1>
<dl><div><dt>Size</dt><dd>${formatSize(file.size)}</dd></div>
<div><dt>Expires</dt><dd>${formatExpiry(link.expires_ms, now)}</dd></div>
${left === undefined ? "" : `<div><dt>Downloads left</dt><dd>${left} of ${link.max_downloads}</dd></div>`}</dl>
<a class="button" href="?download=1" rel="nofollow">Download</a>`,
  );
}

export interface PasswordPage {
  /** What was wrong with the last try. */
  error?: string;
}

/** Asks for the password, and says nothing of the file before it is given. */
export function passwordPage({ error }: PasswordPage = {}): string {
  const problem =
    error === undefined ? "" : `<p class="error" id="error" role="alert">${escapeHtml(error)}</p>`;
  const marked = error === undefined ? "" : ' aria-invalid="true" aria-describedby="error"';
  return page(
    "lock",
    "Password needed",
    `<h1>This file is protected</h1>
<p>Enter the password that its sender gave you. The download starts when it is right.</p>
<form method="post"><label for="password">Password</label>
<input id="password" name="password" type="password" required autofocus autocomplete="off"${marked}>${problem}
<button class="button">Download</button></form>`,
  );
}

/** Says why there is nothing to download. */
export function deadPage(title: string, text: string): string {
  return page("gone", title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>`);
}

function page(icon: keyof typeof icons, title: string, content: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow">
${NO_ICON}<style>${linkStyle}</style></head>
<body><main><div class="icon"><svg viewBox="0 0 24 24" aria-hidden="true">${icons[icon]}</svg></div>
${content}</main></body></html>
`;
}

const UNITS = ["kB", "MB", "GB", "TB"] as const;

/** Decimal units, as file managers show them. */
function formatSize(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.5 && unit < UNITS.length - 1);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** The page has no script to know the reader's time zone, so it says how long, and the moment in UTC. */
function formatExpiry(expires: number, now: number): string {
  const at = new Date(expires);
  const date = at.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  const time = at.toISOString().slice(11, 16);
  return `in ${duration(expires - now)} <small><time datetime="${at.toISOString()}">${date}, ${time} UTC</time></small>`;
}

/** Rounded down, so that it never promises more than there is. */
function duration(ms: number): string {
  const steps = [
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
  ] as const;
  for (const [step, unit] of steps) {
    const count = Math.floor(ms / step);
    if (count >= 2 || (count === 1 && unit !== "day")) return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
  }
  return "less than a minute";
}
