import { keys } from "#aws/keys.ts";
import type { Caller } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { workspaceRecord } from "./records.ts";

/** The workspaces that the caller may use: its own, or all for `admin`, in the order of their ids. */
export async function listWorkspaces(
  deps: Pick<Deps, "table">,
  caller: Caller,
  { limit, cursor }: PageQuery,
) {
  const list = "workspaces";
  const after = readCursor(list, cursor) ?? "";
  const more = caller.scopes.has("admin")
    ? await readWorkspaces(deps, after, limit + 1)
    : { rows: ownWorkspaces(caller).filter(({ workspace_id }) => workspace_id > after) };
  return pageOf(
    more,
    limit,
    ({ workspace_id }) => cursorAfter(list, workspace_id),
    (workspace) => ({
      ...workspace,
      is_default: workspace.workspace_id === caller.default_workspace,
    }),
  );
}

function ownWorkspaces({ workspaces }: Caller) {
  return Object.entries(workspaces)
    .map(([workspace_id, name]) => ({ workspace_id, name }))
    .sort((a, b) => (a.workspace_id < b.workspace_id ? -1 : 1));
}

async function readWorkspaces({ table }: Pick<Deps, "table">, after: string, limit: number) {
  const { pk } = keys.workspace("");
  const { items, next } = await table.query({
    where: "#pk = :pk",
    values: { pk },
    limit,
    after: after === "" ? undefined : keys.workspace(after),
  });
  const rows = items.map((item) => {
    const { workspace_id, name } = workspaceRecord.parse(item);
    return { workspace_id, name };
  });
  return { rows, next };
}
