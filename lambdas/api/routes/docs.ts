import { createHash } from "node:crypto";
import { note } from "#aws/log.ts";
import { openApi } from "#contract/openapi.ts";
import type { Deps } from "#core/deps.ts";
import { docsPage } from "../docs-page.ts";
import { docsStyle } from "../docs-style.ts";
import { textEtag, unlessKnown } from "../etag.ts";
import { type Answer, type App, routesOf, send } from "../serve.ts";

/** `/openapi.json`, `/docs` and `/healthz`. */
export function docs(app: App, { config }: Pick<Deps, "config">): void {
  const cache = { "Cache-Control": "public, max-age=300" };
  const style = createHash("sha256").update(docsStyle).digest("base64");
  // Anybody may ask, and each takes a tenth of a second and more to make.
  const document = once(() => tagged(JSON.stringify(openApi(routesOf(app), config.publicUrl))));
  const page = once(() => tagged(docsPage(routesOf(app), config.publicUrl)));
  const show = (path: string, answer: () => Answer) =>
    app.get(path, (context) => {
      note({ route: `GET ${path}` });
      return send(unlessKnown(answer(), context.req.header("if-none-match")));
    });

  show("/healthz", () => ({ status: 200, body: { status: "ok" } }));

  show("/openapi.json", () => {
    const { body, etag } = document();
    return { status: 200, body, headers: { ...cache, ...etag } };
  });

  show("/docs", () => {
    const { body, etag } = page();
    const headers = {
      ...cache,
      ...etag,
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": `default-src 'none'; img-src data:; style-src 'sha256-${style}'; base-uri 'none'; frame-ancestors 'none'`,
    };
    return { status: 200, body, headers };
  });
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
