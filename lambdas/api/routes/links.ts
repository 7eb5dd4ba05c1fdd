import { createHash } from "node:crypto";
import { note } from "#aws/log.ts";
import { openLinkRoute, unlockLinkRoute, unlockRequest } from "#contract/shares.ts";
import type { Deps } from "#core/deps.ts";
import { WharfError } from "#core/error.ts";
import { openLink, viewLink } from "#core/open-link.ts";
import { readForm } from "../body.ts";
import { deadPage, downloadPage, linkStyle, passwordPage } from "../link-page.ts";
import { prefersHtml } from "../prefers-html.ts";
import { type App, type AppContext, check, document, send } from "../serve.ts";

/** `/s/{token}`: public, so that the link's secret is all that a recipient needs. */
export function links(app: App, deps: Deps): void {
  const bucketOrigin = async () =>
    new URL((await deps.objects.sign({ method: "HEAD", key: "any", expiresIn: 1 })).url).origin;

  document(app, openLinkRoute);
  app.get("/s/:token", (context) =>
    forReader(bucketOrigin, context, "GET /s/{token}", async () => {
      const token = context.req.param("token");
      const method = context.req.method === "HEAD" ? "HEAD" : "GET";
      if (context.req.query("download") !== "1" && prefersHtml(context.req.header("accept"))) {
        const { link, file } = await viewLink(deps, token);
        note({ share_id: link.share_id });
        const page =
          link.password === undefined ? downloadPage({ file, link, now: deps.now() }) : passwordPage();
        return html(await bucketOrigin(), 200, page);
      }
      const password = context.req.header("x-share-password");
      return redirect(302, await openLink(deps, { token, password, ...callOf(context), method }));
    }),
  );

  document(app, unlockLinkRoute);
  app.post("/s/:token", (context) =>
    forReader(bucketOrigin, context, "POST /s/{token}", async () => {
      const token = context.req.param("token");
      const { password } = check(unlockRequest.partial(), await readForm(context), "body");
      const opening = { token, password: password || undefined, ...callOf(context), method: "GET" as const };
      // 303: the browser goes on with a GET, whatever it came with.
      return redirect(303, await openLink(deps, opening));
    }),
  );
}

const callOf = (context: AppContext) => ({ requestId: context.get("requestId") });

function redirect(status: 302 | 303, { url, link }: Awaited<ReturnType<typeof openLink>>): Response {
  note({ share_id: link.share_id });
  return send({ status, headers: { Location: url, "Referrer-Policy": "no-referrer", ...VARY } });
}

/** Runs `answer`; people get a page where programs get a problem. */
async function forReader(
  bucketOrigin: () => Promise<string>,
  context: AppContext,
  route: string,
  answer: () => Promise<Response>,
): Promise<Response> {
  // The route and never the path, which holds the secret.
  note({ route });
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof WharfError) || !prefersHtml(context.req.header("accept"))) throw error;
    note({ code: error.code });
    return html(await bucketOrigin(), error.status, pageOf(error, context), error.headers);
  }
}

function pageOf(error: WharfError, { req }: AppContext): string {
  const again = error.facts["retry_after_seconds"];
  const wait = typeof again === "number" ? ` Wait ${again} seconds before you try again.` : "";
  if (error.code === "wrong_password")
    return passwordPage(req.method === "POST" ? { error: `That password is wrong.${wait}` } : {});
  if (error.code === "rate_limited") return passwordPage({ error: `Too many wrong passwords.${wait}` });
  if (error.code === "link_gone") return deadPage("This link no longer works", error.message);
  if (error.code === "not_found")
    return deadPage("There is no such link", "Check that it is complete, or ask its owner for a new one.");
  return deadPage("That did not work", error.message);
}

const VARY = { Vary: "Accept" };
const STYLE = createHash("sha256").update(linkStyle).digest("base64");

/** A page that runs nothing, loads nothing, is framed by nobody and indexed nowhere. */
function html(
  bucketOrigin: string,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Response {
  // Browsers apply form-action to the redirect as well, which leads to the bucket.
  const policy = `default-src 'none'; img-src data:; style-src 'sha256-${STYLE}'; form-action 'self' ${bucketOrigin}; base-uri 'none'; frame-ancestors 'none'`;
  return send({
    status,
    body,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
      "Referrer-Policy": "no-referrer",
      "X-Frame-Options": "DENY",
      "X-Robots-Tag": "noindex, nofollow",
      ...VARY,
      ...headers,
    },
  });
}
