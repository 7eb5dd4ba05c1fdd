import { keys } from "#aws/keys.ts";
import type { Call } from "./call.ts";
import { cursorAfter, readCursor } from "./cursor.ts";
import type { Deps } from "./deps.ts";
import { owns } from "./find-webhook.ts";
import { readHooks } from "./match-endpoints.ts";
import { type PageQuery, pageOf } from "./page.ts";
import { webhookView } from "./webhook-view.ts";

/** The caller's endpoints, the oldest first; an admin's are all. */
export async function listWebhooks(
  deps: Pick<Deps, "table" | "now">,
  { caller }: Call,
  { limit, cursor }: PageQuery,
) {
  const list = `webhooks ${caller.client_id}`;
  const after = readCursor(list, cursor);
  const hooks = (await readHooks(deps)).filter(
    (hook) => owns(caller, hook) && (after === undefined || hook.webhook_id > after),
  );
  return pageOf(hooks, limit, (last) => cursorAfter(list, keys.hook(last.webhook_id).sk), webhookView);
}
