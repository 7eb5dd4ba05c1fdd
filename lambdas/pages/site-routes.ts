/** What an origin has beside its API: a page for people, and files that browsers, crawlers and finders of flaws ask for. */
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { App, Reply } from "#http/context.ts";
import { send } from "#http/send.ts";
import { answerAt } from "#http/wire.ts";
import { homePage } from "./home-page.ts";
import { ICON_SVG } from "./html.ts";
import type { Operator } from "./operator.ts";
import { sendPage } from "./page.ts";

/** `/`, `/robots.txt`, `/favicon.ico` and `/.well-known/security.txt`. */
export function site(app: App, deps: Pick<Deps, "config" | "now"> & { operator: Operator }): void {
  const { config, operator } = deps;
  const show = (path: string, reply: () => Reply) =>
    answerAt(app, { method: "GET", path }, () => send({ status: 200, ...reply() }));

  answerAt(app, { method: "GET", path: "/" }, () => sendPage(200, homePage(operator, config.publicUrl), DAY));

  // Links may be fetched, or nobody would see that they are not to be listed: a crawler that may not read a page can't
  // read its `noindex` (developers.google.com/search/docs/crawling-indexing/block-indexing).
  show("/robots.txt", () => text("User-agent: *\nDisallow: /v1/\nDisallow: /*?download=\n"));

  show("/favicon.ico", () => ({
    body: ICON_SVG,
    headers: { ...DAY, "Content-Type": "image/svg+xml", "Content-Security-Policy": "default-src 'none'" },
  }));

  show("/.well-known/security.txt", () => {
    const { securityContact } = operator;
    if (securityContact === undefined)
      throw new WharfError("not_found", "This deployment names no contact for security; its start page may.");
    return text(securityTxt(securityContact, { publicUrl: config.publicUrl, now: deps.now() }));
  });
}

const DAY = { "Cache-Control": "public, max-age=86400" };

const KEEP_MS = 30 * 86_400_000;

const text = (body: string): Reply => ({
  body,
  headers: { ...DAY, "Content-Type": "text/plain; charset=utf-8" },
});

/** RFC 9116: `Contact` and `Expires` are musts; whoever asks gets what the deployment says that day. */
function securityTxt(contact: string, { publicUrl, now }: { publicUrl: string; now: number }): string {
  const expires = new Date(now + KEEP_MS).toISOString().slice(0, 10);
  return `Contact: ${contact}
Expires: ${expires}T00:00:00Z
Preferred-Languages: en
Canonical: ${publicUrl}/.well-known/security.txt
`;
}
