import { keys } from "#aws/keys.ts";
import { type HookRecord, hookState } from "#core/attempts/records.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { readable } from "#core/kernel/readable.ts";
import { owns } from "./find-webhook.ts";
import { readHooks } from "./match-endpoints.ts";
import { webhookView } from "./webhook-view.ts";

/** The caller's endpoints, the oldest first; an admin's are all. */
export async function listWebhooks(deps: TableDeps, { caller }: Call, { limit, cursor }: PageQuery) {
  const list = `webhooks ${caller.id}`;
  const after = readCursor(list, cursor);
  const hooks: HookRecord[] = [];
  // Its organization is read once.
  for (const hook of await readHooks(deps))
    if ((after === undefined || hook.webhook_id > after) && (await owns(deps, caller, hook)))
      hooks.push(hook);
  const states = await readStates(deps, hooks.slice(0, limit));
  return pageOf(
    { rows: hooks },
    limit,
    (last) => cursorAfter(list, keys.hook(last.webhook_id).sk),
    (hook) => webhookView(hook, states.get(hook.webhook_id) ?? {}),
  );
}

async function readStates(deps: TableDeps, hooks: readonly HookRecord[]) {
  const items = await deps.table.batchGet(hooks.map(({ webhook_id }) => keys.hookState(webhook_id)));
  return new Map(readable(deps, hookState, items).map((state) => [state.webhook_id, state]));
}
