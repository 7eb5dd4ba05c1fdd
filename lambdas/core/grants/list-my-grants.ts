import { allGrants } from "#core/access/authorize.ts";
import { isGrantOfNow } from "#core/access/organization-now.ts";
import { belongings } from "#core/access/standing.ts";
import type { Caller } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { heldView, shownTo } from "./held-view.ts";

/** All live grants of the caller and of its groups, as far as its token may know of them, in the order of their ids. */
export async function listMyGrants(deps: TableDeps, caller: Caller, { limit, cursor }: PageQuery) {
  const list = "my grants";
  const after = readCursor(list, cursor) ?? "";
  const now = deps.now();
  const rows = shownTo(caller.rights, await allGrants(deps, caller), now)
    .filter(({ grant_id }) => grant_id > after)
    .sort((a, b) => (a.grant_id < b.grant_id ? -1 : 1));
  const page = pageOf(
    { rows },
    limit,
    ({ grant_id }) => cursorAfter(list, grant_id),
    (grant) => grant,
  );
  const places = await belongings(
    deps,
    caller,
    page.items.map(({ workspace_id }) => workspace_id),
  );
  // Of a workspace that was handed over since it is none, and what that is called now is another's.
  const held = page.items.filter(({ workspace_id, epoch, via = caller.id }) => {
    const where = places.get(workspace_id);
    return (
      where === undefined || isGrantOfNow({ principal_id: via, epoch }, where.workspace, where.organization)
    );
  });
  return { ...page, items: held.map((grant) => heldView(grant, (id) => places.get(id)?.workspace.name)) };
}
