import * as z from "zod";
import { note } from "#aws/log.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { memberByToken } from "#core/organizations/member-by-token.ts";
import { readUrlencoded } from "#http/body.ts";
import { check } from "#http/check.ts";
import type { App, AppContext } from "#http/context.ts";
import { refuseUnreadPreconditions } from "#http/refuse-unread-preconditions.ts";
import { send } from "#http/send.ts";
import { headersOf, serve } from "#http/serve.ts";
import { sourceAddress, sourceOf } from "#http/source-address.ts";
import { methodOf } from "#http/to-bytes.ts";
import { wire } from "#http/wire.ts";
import { downloadPage, passwordPage, previewPage, protectedPage, startedPage } from "#pages/link-page.ts";
import { type Reader, readerOf } from "#pages/link-reader.ts";
import { type Page, plainPage, sendPage } from "#pages/page.ts";
import {
  createShareRoute,
  getShareRoute,
  listSharesRoute,
  openLinkRoute,
  revokeShareRoute,
  unlockLinkRoute,
  unlockRequest,
} from "./contract.ts";
import { createShare } from "./create-share.ts";
import { ofLinks, ofShare } from "./find-share.ts";
import { listShares } from "./list-shares.ts";
import { openLink, viewLink } from "./open-link.ts";
import { revokeShare } from "./revoke-share.ts";
import { viewShare } from "./view-share.ts";

/** Links to files, as their makers see them. */
export function shares(app: App, deps: Pick<Deps, "table" | "config" | "now">): void {
  serve(app, deps, {
    route: createShareRoute,
    resource: ofLinks,
    handle: async ({ params, body, call }) => ({ body: await createShare(deps, call, params.id, body) }),
  });

  serve(app, deps, {
    route: listSharesRoute,
    resource: ofLinks,
    handle: async ({ params, query, call }) => ({ body: await listShares(deps, call, params.id, query) }),
  });

  serve(app, deps, {
    route: getShareRoute,
    resource: ofShare,
    handle: async ({ params, call }) => ({ body: await viewShare(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: revokeShareRoute,
    resource: ofShare,
    handle: async ({ params, call }) => {
      await revokeShare(deps, call, params.id);
    },
  });
}

const linkParams = z.object(openLinkRoute.params);
// What trackers and mailers add to a link's query is nobody's business.
const openQuery = z.object(openLinkRoute.query);
const openHeaders = z.object(openLinkRoute.headers);
const unlockHeaders = z.object(unlockLinkRoute.headers);

/** `corsOrigins`: whose pages may read answers. */
type LinkDeps = Deps & { corsOrigins: readonly string[] };

/** `/s/{token}`: public, so that the link's secret is all that a recipient needs. */
export function links(app: App, deps: LinkDeps): void {
  wire(app, openLinkRoute, (context) =>
    forReader(deps, context, async (reader) => {
      const { token } = linkParams.parse(context.req.param());
      const asked = { download: context.req.queries("download")?.join() };
      const download = check(openQuery, asked, "query").download === "1";
      const headers = check(openHeaders, headersOf(openHeaders, context), "header");
      // What was not asked for yet is not given: the browser asks again when it is.
      if (download && reader === "prefetch") return send({ status: 204, headers: VARY });
      if (!download && reader !== "program")
        return sendPage(200, await pageFor(deps, { token, member: memberOf(deps, context) }, reader), VARY);
      const call = { ...callOf(deps, context), method: methodOf(context), ...rangedBy(headers) };
      // An empty one is none, and no try.
      const password = headers["X-Share-Password"] || undefined;
      const opened = await openLink(deps, { token, password, ...call });
      return redirect(302, opened);
    }),
  );

  wire(app, unlockLinkRoute, (context) =>
    forReader(deps, context, async (reader) => {
      const { token } = linkParams.parse(context.req.param());
      refuseUnreadPreconditions(unlockLinkRoute, (name) => context.req.header(name));
      // What another site had somebody send uses nothing up, no try either: it leads to the page.
      if (isLured(deps, context, reader))
        return send({ status: 303, headers: { Location: linkOf(deps, token), ...VARY } });
      const { password } = check(unlockRequest, await readUrlencoded(context), "body");
      const headers = check(unlockHeaders, headersOf(unlockHeaders, context), "header");
      const call = { ...callOf(deps, context), method: "GET" as const, ...rangedBy(headers) };
      const opening = { token, password: password || undefined, ...call };
      const opened = await openLink(deps, opening);
      if (reader !== "person") return redirect(303, opened);
      note({ share_id: opened.link.share_id });
      return sendPage(200, startedPage({ ...opened, seconds: opened.expiresIn }), VARY);
    }),
  );
}

async function pageFor(deps: Deps, opening: Parameters<typeof viewLink>[1], reader: Reader): Promise<Page> {
  const { link, file } = await viewLink(deps, opening);
  note({ share_id: link.share_id });
  const facts = { file, link, now: deps.now() };
  // A prefetched page is shown when its reader comes.
  if (reader === "preview") return link.password === undefined ? previewPage(facts) : protectedPage();
  return link.password === undefined ? downloadPage(facts) : passwordPage();
}

const linkOf = ({ config }: Pick<Deps, "config">, token: string) =>
  `${config.publicUrl}/s/${encodeURIComponent(token)}`;

const rangedBy = (headers: { Range?: string | undefined; "If-Range"?: string | undefined }) => ({
  range: headers.Range,
  ifRange: headers["If-Range"],
});

const memberOf = (deps: Deps, { req }: AppContext) => memberByToken(deps, req.header("authorization"));

const callOf = (deps: Deps, context: AppContext) => ({
  member: memberOf(deps, context),
  requestId: context.get("requestId"),
  source: sourceOf(sourceAddress(context)),
});

/**
 * Whether another site had a browser send this: its form, or its fetch whose answer it may not read. Fetch Metadata
 * tells, and `Origin` where a browser has none or a page may read some answers (Fetch, 3.2: each POST of a page has one).
 */
function isLured({ config, corsOrigins }: LinkDeps, { req }: AppContext, reader: Reader): boolean {
  const [mode, site, origin] = ["sec-fetch-mode", "sec-fetch-site", "origin"].map((name) => req.header(name));
  if (mode === "navigate" || mode === "no-cors") return site === "cross-site" || site === "same-site";
  if (origin === undefined || site === "same-origin" || origin === new URL(config.publicUrl).origin)
    return false;
  const mayRead = corsOrigins.includes("*") || corsOrigins.includes(origin);
  return reader !== "program" || !mayRead;
}

function redirect(status: 302 | 303, { url, link }: Awaited<ReturnType<typeof openLink>>): Response {
  note({ share_id: link.share_id });
  return send({ status, headers: { Location: url, "Referrer-Policy": "no-referrer", ...VARY } });
}

/** Runs `answer`; people get a page where programs get a problem. */
async function forReader(
  { now }: Pick<Deps, "now">,
  context: AppContext,
  answer: (reader: Reader) => Promise<Response>,
): Promise<Response> {
  const reader = readerOf((name) => context.req.header(name));
  try {
    return await answer(reader);
  } catch (error) {
    if (!(error instanceof WharfError) || reader === "program") throw error;
    note({ code: error.code });
    return sendPage(error.status, refusalPage(error, context, now()), { ...VARY, ...error.headers });
  }
}

function refusalPage(error: WharfError, { req }: AppContext, now: number): Page {
  const seconds = error.retryAfterSeconds;
  const wait = seconds === undefined ? undefined : { seconds, until: now + seconds * 1000 };
  if (error.code === "wrong_password")
    return passwordPage(req.method === "POST" ? { error: "That password is wrong.", wait } : {});
  if (error.code === "rate_limited") return passwordPage({ error: "Too many wrong passwords.", wait });
  if (error.code === "password_limit")
    return passwordPage({ error: "Many passwords are being checked at this moment; yours was not.", wait });
  if (error.code === "policy_denied")
    return plainPage(
      "This link is not for you",
      "It opens for nobody, or for members of an organization alone. Ask its owner.",
    );
  if (error.code === "link_gone") return plainPage("This link no longer works", error.message);
  if (error.code === "not_found")
    return plainPage("There is no such link", "Check that it is complete, or ask its owner for a new one.");
  return plainPage("That did not work", error.message);
}

/** What the answer depends on; nothing keeps it anyway. */
const VARY = { Vary: "Accept, Accept-Language, Purpose, Sec-Fetch-Mode, Sec-Purpose, User-Agent" };
