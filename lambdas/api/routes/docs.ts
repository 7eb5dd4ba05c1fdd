import { createHash } from "node:crypto";
import { note } from "#aws/log.ts";
import { openApi } from "#contract/openapi.ts";
import type { Deps } from "#core/deps.ts";
import { docsPage } from "../docs-page.ts";
import { docsStyle } from "../docs-style.ts";
import { type Answer, type App, routesOf, send } from "../serve.ts";

/** `/openapi.json`, `/docs` and `/healthz`. */
export function docs(app: App, { config }: Pick<Deps, "config">): void {
  const cache = { "Cache-Control": "public, max-age=300" };
  const style = createHash("sha256").update(docsStyle).digest("base64");
  // Anybody may ask, and each takes a tenth of a second and more to make.
  const document = once(() => JSON.stringify(openApi(routesOf(app), config.publicUrl)));
  const page = once(() => docsPage(routesOf(app), config.publicUrl));
  const show = (path: string, answer: () => Answer) =>
    app.get(path, () => {
      note({ route: `GET ${path}` });
      return send(answer());
    });

  show("/", () => ({ status: 302, headers: { Location: `${config.publicUrl}/docs` } }));

  show("/healthz", () => ({ status: 200, body: { status: "ok" } }));

  show("/openapi.json", () => ({ status: 200, body: document(), headers: cache }));

  show("/docs", () => ({
    status: 200,
    body: page(),
    headers: {
      ...cache,
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": `default-src 'none'; img-src data:; style-src 'sha256-${style}'; base-uri 'none'; frame-ancestors 'none'`,
    },
  }));
}

/** Makes something when it is first needed, which is after all routes are there, and keeps it. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
