import { health } from "#contract/health.ts";
import { successOf } from "#contract/route.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { App, Reply } from "#http/context.ts";
import { textEtag, unlessKnown } from "#http/etag.ts";
import { send } from "#http/send.ts";
import { answerAt, routesOf, wire } from "#http/wire.ts";

/** What makes both documents: loaded when somebody asks, since most calls never do. */
const documents = () => import("./documents.ts");

/** `/openapi.json`, `/docs` and `/healthz`. */
export function docs(app: App, { config }: Pick<Deps, "config">): void {
  const cache = { "Cache-Control": "public, max-age=300" };
  // Anybody may ask, and each takes a tenth of a second and more to make.
  const openApi = once(async () => tagged((await documents()).openApiText(routesOf(app), config.publicUrl)));
  const page = once(async () => {
    const { docsPage, docsPolicy } = await documents();
    return { ...tagged(docsPage(routesOf(app), config.publicUrl)), policy: docsPolicy };
  });
  const show = (path: string, reply: () => Promise<Reply>) =>
    answerAt(app, { method: "GET", path }, async (context) =>
      send(unlessKnown({ status: 200, ...(await reply()) }, context.req.header("if-none-match"))),
    );

  wire(app, health, () => send({ status: successOf(health), body: { status: "ok" } }));

  show("/openapi.json", async () => {
    const { body, etag } = await openApi();
    return { body, headers: { ...cache, ...etag } };
  });

  const showPage = async () => {
    const { body, etag, policy } = await page();
    const headers = {
      ...cache,
      ...etag,
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
    };
    return { body, headers };
  };
  show("/docs", showPage);
  show("/docs/", showPage);
}

/** API Gateway compresses on the way, so the answer depends on what the client takes. */
const tagged = (body: string) => ({ body, etag: { ETag: textEtag(body), Vary: "Accept-Encoding" } });

/** Makes something when it is first needed, which is after all routes are there, and keeps it. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
