import { keys, under } from "#aws/keys.ts";
import { rightsAt } from "#core/access/authorize.ts";
import { isGrantOfNow } from "#core/access/organization-now.ts";
import { type GrantRecord, grantRecord } from "#core/access/records.ts";
import { type Belonging, workspaceFor } from "#core/access/standing.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isIdOf } from "#core/kernel/ids.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import type { Grant } from "./contract.ts";
import { grantView, isLive } from "./grant-view.ts";
import type { Spot } from "./spot.ts";

const isGrantId = isIdOf("grt");
/** Grants of one folder above that a list shows. */
const MAX_INHERITED = 100;

/**
 * The live grants on a resource, in the order in which they were given.
 *
 * @param inherited whether the first page begins with those of the folders above and the workspace.
 */
export async function listGrants(
  deps: TableDeps,
  { caller }: Pick<Call, "caller">,
  { on, located }: Spot,
  { limit, cursor, inherited }: PageQuery & { inherited: boolean },
) {
  const list = `grants ${on}`;
  const after = readCursor(list, cursor, isGrantId);
  const [page, above] = await Promise.all([
    ofResource(deps, on, { limit: limit + 1, after }),
    inherited && after === undefined ? inheritedBy(deps, caller, { on, located }) : [],
  ]);
  const holds = holdsIn(await workspaceFor(deps, caller, located.workspace_id), deps.now());
  const own = pageOf(
    page,
    limit,
    ({ grant_id }) => cursorAfter(list, grant_id),
    (grant) => grant,
  );
  return {
    ...own,
    items: [
      ...above.filter(holds).map((grant): Grant => ({ ...grantView(grant), inherited: true })),
      ...own.items.filter(holds).map(grantView),
    ],
  };
}

/**
 * Live, and given where the resource is, since that has its owner: what it has left behind in another workspace gives
 * nothing, nor does what was given before the workspace was handed over.
 */
const holdsIn =
  (where: Belonging | undefined, now: number) =>
  (grant: GrantRecord): boolean =>
    grant.workspace_id === where?.workspace.workspace_id &&
    isGrantOfNow(grant, where.workspace, where.organization) &&
    isLive(grant, now);

async function ofResource(
  { table }: TableDeps,
  on: string,
  { limit, after }: { limit: number; after?: string | undefined },
) {
  const { pk } = keys.resourceGrant(on, "");
  const { items, next } = await table.query({
    where: "#pk = :pk AND begins_with(#sk, :grants)",
    values: { pk, grants: under.resourceGrants },
    limit,
    after: after === undefined ? undefined : keys.resourceGrant(on, after),
  });
  return { rows: items.map((item) => grantRecord.parse(item)), next };
}

/** Those of the workspace and of each folder above, from the top down. */
async function inheritedBy(deps: TableDeps, caller: Call["caller"], { on, located }: Spot) {
  if (on === located.workspace_id) return [];
  const whole = await rightsAt(deps, caller, located);
  const above = [located.workspace_id, ...(whole?.place.chain ?? [])].filter((id) => id !== on);
  const pages = await Promise.all(above.map((id) => ofResource(deps, id, { limit: MAX_INHERITED })));
  return pages.flatMap(({ rows }) => rows);
}
