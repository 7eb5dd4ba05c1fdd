/** The pages behind a link. */
import { escapedName } from "#contract/names.ts";
import { NO_END_MS } from "#core/kernel/time.ts";
import { escapeHtml } from "./html.ts";
import { type Page, plainPage } from "./page.ts";
import { nameHeading, titleName } from "./shown-name.ts";
import { sayBytes, sayDuration, sayMoment } from "./spoken.ts";

export interface LinkFacts {
  file: { name: string; size: number };
  link: { expires_ms: number; max_downloads?: number | undefined; downloads: number };
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * The file's name, size and expiry, with the button.
 *
 * Where downloads are limited the button is a form: what follows links by itself (crawlers, checkers, prefetches)
 * sends no POST (RFC 9110, 9.2.1: GET is safe). Else it is a plain link.
 */
export function downloadPage(facts: LinkFacts): Page {
  const button =
    facts.link.max_downloads === undefined
      ? '<a class="button" href="?download=1" rel="nofollow">Download</a>'
      : '<form method="post"><button class="button">Download</button></form>';
  const page = previewPage(facts);
  return { ...page, content: `${page.content}\n${button}` };
}

/** The same for those that look for others: nothing on it leads to the bytes. */
export function previewPage({ file, link, now }: LinkFacts): Page {
  const isEndless = link.expires_ms >= NO_END_MS;
  const left = link.max_downloads === undefined ? undefined : link.max_downloads - link.downloads;
  return {
    icon: "file",
    title: `Download ${titleName(file.name)}`,
    head: openGraph(
      escapedName(file.name),
      `${sayBytes(file.size)}${isEndless ? "" : `, until ${sayMoment(link.expires_ms)}`}`,
    ),
    content: `${nameHeading(file.name)}
<dl><div><dt>Size</dt><dd>${sayBytes(file.size)}</dd></div>
<div><dt>Expires</dt><dd>${isEndless ? "never" : `in ${sayDuration(link.expires_ms - now)} <small>${moment(link.expires_ms)}</small>`}</dd></div>
${left === undefined ? "" : `<div><dt>Downloads left</dt><dd>${left} of ${link.max_downloads}</dd></div>`}</dl>`,
  };
}

/**
 * Starts the download that was counted. A page and no redirect: a browser that saves a file stays on the page that it
 * was on, where a wrong password and the number of downloads left would go on to stand.
 *
 * @param seconds that the URL works.
 */
export function startedPage({
  file,
  link,
  url,
  seconds,
}: Omit<LinkFacts, "now"> & { url: string; seconds: number }): Page {
  const href = escapeHtml(url);
  const left = link.max_downloads === undefined ? undefined : link.max_downloads - link.downloads;
  const rest =
    left === undefined
      ? ""
      : `<dl><div><dt>Downloads left</dt><dd>${left} of ${link.max_downloads}</dd></div></dl>`;
  return {
    icon: "done",
    title: `Downloading ${titleName(file.name)}`,
    head: `<meta http-equiv="refresh" content="0; url=${href}">`,
    content: `${nameHeading(file.name)}
<p role="status">Your download has started. If it has not, use the button within ${sayDuration(seconds * 1000)}: it counts no further download.</p>
${rest}<a class="button" href="${href}" rel="nofollow">Download again</a>`,
  };
}

export interface PasswordPage {
  /** What was wrong with the last try. */
  error?: string;
  /** Seconds until the next one, and when (ms) that is. */
  wait?: { seconds: number; until: number } | undefined;
}

/** Asks for the password, and says nothing of the file before it is given. */
export function passwordPage({ error, wait }: PasswordPage = {}): Page {
  const problem =
    error === undefined ? "" : `<p class="error" id="error" role="alert">${escapeHtml(error)}</p>`;
  const again =
    wait === undefined
      ? ""
      : `<p>Try again <span data-wait="${wait.seconds}">in ${wait.seconds} seconds, at ${clock(wait.until)}</span></p>`;
  const marked = error === undefined ? "" : ' aria-invalid="true" aria-describedby="error"';
  return {
    icon: "lock",
    title: "Password needed",
    head: openGraph("A protected file", "Its sender gave the password to those who may have it."),
    content: `<h1>This file is protected</h1>
<p>Enter the password that its sender gave you. The download starts when it is right.</p>
<form method="post" class="ask"><label for="password">Password</label>
<input id="password" name="password" type="password" required autofocus autocomplete="off"${marked}>${problem}${again}
<button class="button">Download</button></form>`,
  };
}

/** For those that look for others, of a link that has a password. */
export function protectedPage(): Page {
  const { head = "", title } = passwordPage();
  return { ...plainPage(title, "This file is protected by a password."), icon: "lock", head };
}

const moment = (ms: number) => `<time datetime="${new Date(ms).toISOString()}">${sayMoment(ms)}</time>`;
const clock = (ms: number) => {
  const iso = new Date(ms).toISOString();
  return `<time datetime="${iso}" data-clock>${iso.slice(11, 19)} UTC</time>`;
};

/** What messengers show of a link (https://ogp.me). */
function openGraph(title: string, description: string): string {
  const tags = { title, description, type: "website", site_name: "Wharf" };
  return Object.entries(tags)
    .map(([name, value]) => `<meta property="og:${name}" content="${escapeHtml(value)}">\n`)
    .join("");
}
