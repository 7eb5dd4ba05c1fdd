import { keys } from "#aws/keys.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { actionsOf, actions as allActions, scopesFor } from "#contract/scopes.ts";
import { authorize, forbidden } from "#core/access/authorize.ts";
import { endOfRights } from "#core/access/end-of-rights.ts";
import { epochOf, termsOf } from "#core/access/grant-writes.ts";
import { workspaceNow } from "#core/access/organization-now.ts";
import { type Located, locateNode, rootFolder } from "#core/access/place.ts";
import { type GrantRecord, workspaceRecord } from "#core/access/records.ts";
import { belongings } from "#core/access/standing.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, type WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { iso } from "#core/kernel/time.ts";
import type { FirstGrant } from "./clients-contract.ts";
import { earliest, invalidMember, type Maker } from "./maker.ts";

const PARALLEL = 4;

interface Granting {
  principal_id: string;
  organization: string;
  maker: Pick<Maker, "made_by" | "ends_ms">;
  /** When its holder ends. @default when its maker does */
  expires_ms?: number | undefined;
  grants: readonly FirstGrant[];
}

/** A grant with what its writes and its event tell beside. */
export type PlacedGrant = GrantRecord & { workspace_name: string; folder_id: string | undefined };

/**
 * What somebody is granted that isn't there yet, each decided as `POST …/grants` decides it.
 *
 * @param call of whoever gives it, now or by what it has made before.
 * @throws WharfError forbidden for more than that has; not_found for what it may not know of; invalid_request for an end
 * that is past, or for another organization's.
 */
export async function firstGrants(
  deps: TableDeps,
  call: Pick<Call, "caller" | "decided">,
  { principal_id, organization, maker, expires_ms, grants }: Granting,
): Promise<PlacedGrant[]> {
  if (grants.length === 0) return [];
  const located = await locate(deps, call, grants);
  const mine = actionsOf(call.caller.scopes);
  const ends = await inParallel(
    grants,
    PARALLEL,
    async ({ resource_id: on, role, actions = role && actionsOfRole(role) }) => {
      const what = [kindOf(on), on] as const;
      const { has, trail } = await authorize(deps, call, located.get(on), { action: "grant", what });
      const lacking = actions?.find((action) => !has.has(action) || !mine.has(action));
      if (lacking !== undefined) throw forbidden(lacking, scopesFor(lacking), what);
      const place = located.get(on);
      // The folders above were just read.
      return place && endOfRights(deps, call.caller, { ...place, trail }, ["grant", ...(actions ?? [])]);
    },
  );
  const ids = new Set([...located.values()].map(({ workspace_id }) => workspace_id));
  const places = await belongings(deps, call.caller, [...ids]);
  const now = deps.now();
  const all = grants.map(({ resource_id: given, role, actions, expires_at }, at) => {
    const place = located.get(given);
    const where = places.get(place?.workspace_id ?? "");
    if (where === undefined) throw notFound(kindOf(given), given);
    const { workspace_id, name, organization_id } = where.workspace;
    if (organization_id !== organization) throw elsewhere(given, at);
    // A root is its workspace.
    const on = given === rootFolder(workspace_id) ? workspace_id : given;
    return {
      grant_id: newId("grt", now),
      ...{ principal_id, on, workspace_id, organization_id, workspace_name: name },
      epoch: epochOf(workspaceNow(where.workspace, where.organization)),
      ...(role === undefined ? { actions: allActions.filter((one) => actions?.includes(one)) } : { role }),
      expires_ms: endOfGrant(
        now,
        { ends_ms: earliest(expires_ms ?? maker.ends_ms, ends[at]) },
        { expires_at, at },
      ),
      ...{ created_at: iso(now), created_by: call.caller.id, made_by: maker.made_by },
      folder_id: place?.folder_id,
    };
  });
  // What comes twice is the same grant.
  return [...new Map(all.map((grant) => [`${grant.on} ${termsOf(grant)}`, grant])).values()];
}

/** One is granted what the organization has: nobody else could end it, or would see it. */
function elsewhere(id: string, at: number): WharfError {
  return invalidMember(
    `grants/${at}/resource_id`,
    `${id} is another organization's; one is granted what the organization has`,
  );
}

function endOfGrant(
  now: number,
  within: { ends_ms: number | undefined },
  { expires_at, at }: { expires_at: string | undefined; at: number },
): number | undefined {
  if (expires_at === undefined) return within.ends_ms;
  const expires_ms = Date.parse(expires_at);
  const member = `grants/${at}/expires_at`;
  if (expires_ms <= now) throw invalidMember(member, `must be later than now, ${iso(now)}`);
  if (within.ends_ms !== undefined && expires_ms > within.ends_ms)
    throw invalidMember(
      member,
      `must not be later than ${iso(within.ends_ms)}, when what it is given with ends, or what you have there`,
    );
  return expires_ms;
}

const kindOf = (id: string) =>
  id.startsWith("ws_") ? "workspace" : id.startsWith("fld_") ? "folder" : "file";

/** Where each of them is; those that aren't there are left out, and answered as what the caller may not know of. */
async function locate(
  { table }: TableDeps,
  { caller }: Pick<Call, "caller">,
  grants: readonly FirstGrant[],
): Promise<Map<string, Located>> {
  const ids = [...new Set(grants.map(({ resource_id }) => resource_id))];
  const items = await table.batchGet(
    ids.map((id) => (id.startsWith("ws_") ? keys.workspace(id) : keys.node(id))),
  );
  const found = items.flatMap((item): [string, Located | undefined][] => {
    const workspace = workspaceRecord.safeParse(item).data;
    if (workspace !== undefined) return [[workspace.workspace_id, { workspace_id: workspace.workspace_id }]];
    return [[String(item["node_id"]), locateNode(caller.id, item)]];
  });
  return new Map(found.flatMap(([id, place]) => (place === undefined ? [] : [[id, place] as const])));
}
