import { keys, sha256 } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { actionsOfRole, type MemberRole } from "#contract/roles.ts";
import { actionsOf, actions as allActions, type Scope, scopesFor } from "#contract/scopes.ts";
import { authorize, forbidden } from "#core/access/authorize.ts";
import { authorizeOrganization } from "#core/access/authorize-organization.ts";
import { endOfRights } from "#core/access/end-of-rights.ts";
import { grantEvent } from "#core/access/grant-event.ts";
import { grantItems, heldBy, termsOf } from "#core/access/grant-writes.ts";
import { memberWrite, ownerGained } from "#core/access/organization-writes.ts";
import { type Located, locateNode, rootFolder } from "#core/access/place.ts";
import { type GrantRecord, workspaceRecord } from "#core/access/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, type WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { dueOfClient } from "./client-secrets.ts";
import type { FirstGrant } from "./clients-contract.ts";
import { newSecret } from "./create-client.ts";
import { clientView, requireRank } from "./find-client.ts";
import {
  earliest,
  endWithin,
  invalidMember,
  type Maker,
  makerOf,
  makerWrites,
  requireWithin,
} from "./maker.ts";
import type { ClientRecord } from "./records.ts";

interface Given {
  name: string;
  scopes: readonly Scope[];
  role: MemberRole;
  grants: readonly FirstGrant[];
  expires_at?: string | undefined;
  organization?: string | undefined;
}

/** Of no use to a guest: what is not of files alone. */
const NOT_FOR_GUESTS: readonly Scope[] = [
  ...([
    "members:read",
    "members:write",
    "clients:read",
    "clients:write",
    "workspaces:write",
    "admin",
  ] as const),
];

/** @throws WharfError invalid_request for scopes that a guest has no use for */
export function requireUsable(role: MemberRole, scopes: readonly Scope[]): void {
  const useless = scopes.filter((scope) => NOT_FOR_GUESTS.includes(scope));
  if (role !== "guest" || useless.length === 0) return;
  throw invalidMember(
    "scopes",
    `a guest can't use ${useless.join(" ")}; leave that out, or give the role member or admin`,
  );
}

const PARALLEL = 4;

/**
 * Makes a client of an organization with its first secret, which is shown this once, and what it was granted, all at
 * once. It has no more than the caller, and ends with the key or client that made it.
 *
 * @throws WharfError forbidden for more than the caller has, or for a restricted token; invalid_request; not_found for an
 * organization or a resource that the caller may not know of.
 */
export async function createServiceClient(deps: TableDeps, call: Call, given: Given) {
  const { name, scopes, role } = given;
  const organization_id = authorizeOrganization(call, given.organization, "clients");
  requireRank(call, organization_id, role);
  requireWithin(call.caller, scopes);
  requireUsable(role, scopes);
  const maker = await makerOf(deps, call.caller);
  const now = deps.now();
  const expires_ms = endWithin(now, maker, given.expires_at);
  const client_id = newId("cli", now);
  const grants = await firstGrants(deps, call, {
    ...given,
    ...{ client_id, organization: organization_id, maker, expires_ms },
  });
  const client_secret = newSecret();
  const secret = { secret_id: newId("sec", now), hash: sha256(client_secret), created_at: iso(now) };
  const record: ClientRecord = {
    ...{ client_id, name, scopes: [...scopes], secrets: [secret], organization_id },
    workspaces: Object.fromEntries(
      grants.flatMap(({ on, workspace_id, workspace_name }) =>
        on === workspace_id ? [[workspace_id, workspace_name]] : [],
      ),
    ),
    organizations: { [organization_id]: role },
    grants: Object.fromEntries(grants.map((grant) => [grant.grant_id, heldBy(grant)])),
    ...{ more_grants: 0, groups: [], created_at: iso(now), made_by: maker.made_by, expires_ms },
  };
  const answer = { ...clientView(now, record, organization_id), client_secret };
  const entry = { client_id, name, created_at: record.created_at };
  const isNew = { condition: "attribute_not_exists(#pk)" };
  const event = { request_id: call.requestId, actor: actorOf(call.caller) };
  await deps.table.transact([
    ...(role === "owner" ? [ownerGained(organization_id)] : []),
    { put: { ...keys.client(client_id), ...record, ...dueOfClient(now, record) }, ...isNew },
    { put: { ...keys.clientEntry(client_id), ...entry }, ...isNew },
    { put: { ...keys.organizationClient(organization_id, client_id), ...entry }, ...isNew },
    memberWrite(now, { organization: organization_id, principal: client_id, role }),
    ...makerWrites(maker, client_id, { now, expires_ms }),
    eventWrite(now, {
      ...{ type: "member_joined", organization_id, ...event },
      data: { principal_id: client_id, role },
    }),
    ...grants.flatMap(({ folder_id, ...grant }): Write[] => [
      ...grantItems(grant),
      eventWrite(now, grantEvent({ type: "grant_created", grant, folder_id, ...event })),
    ]),
    ...call.record(answer),
  ]);
  return answer;
}

interface Granting {
  client_id: string;
  organization: string;
  maker: Maker;
  expires_ms: number | undefined;
  grants: readonly FirstGrant[];
}

/** What is granted, each decided as `POST …/grants` decides it. */
async function firstGrants(
  deps: TableDeps,
  call: Call,
  { client_id, organization, maker, expires_ms, grants }: Granting,
): Promise<(GrantRecord & { workspace_name: string; folder_id: string | undefined })[]> {
  if (grants.length === 0) return [];
  const located = await locate(deps, call, grants);
  const mine = actionsOf(call.caller.scopes);
  const ends = await inParallel(
    grants,
    PARALLEL,
    async ({ resource_id: on, role, actions = role && actionsOfRole(role) }) => {
      const what = [kindOf(on), on] as const;
      const { has } = await authorize(deps, call, located.get(on), { action: "grant", what });
      const lacking = actions?.find((action) => !has.has(action) || !mine.has(action));
      if (lacking !== undefined) throw forbidden(lacking, scopesFor(lacking), what);
      const place = located.get(on);
      return place && endOfRights(deps, call.caller, place, ["grant", ...(actions ?? [])]);
    },
  );
  const ids = new Set([...located.values()].map(({ workspace_id }) => workspace_id));
  const items = await deps.table.batchGet([...ids].map((id) => keys.workspace(id)));
  const workspaces = new Map(
    items.map((item) => workspaceRecord.parse(item)).map((one) => [one.workspace_id, one]),
  );
  const now = deps.now();
  const all = grants.map(({ resource_id: given, role, actions, expires_at }, at) => {
    const place = located.get(given);
    const workspace = workspaces.get(place?.workspace_id ?? "");
    if (workspace === undefined) throw notFound(kindOf(given), given);
    const { workspace_id, name, organization_id } = workspace;
    if (organization_id !== organization) throw elsewhere(given, at);
    // A root is its workspace.
    const on = given === rootFolder(workspace_id) ? workspace_id : given;
    return {
      grant_id: newId("grt", now),
      ...{ principal_id: client_id, on, workspace_id, organization_id, workspace_name: name },
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

/** A client is granted what its own organization has: nobody else could end it, or would see it. */
function elsewhere(id: string, at: number): WharfError {
  return invalidMember(
    `grants/${at}/resource_id`,
    `${id} is another organization's; a client is granted what its own has`,
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
      `must not be later than ${iso(within.ends_ms)}, when the client ends, or what you have there`,
    );
  return expires_ms;
}

const kindOf = (id: string) =>
  id.startsWith("ws_") ? "workspace" : id.startsWith("fld_") ? "folder" : "file";

/** Where each of them is; those that aren't there are left out, and answered as what the caller may not know of. */
async function locate(
  { table }: TableDeps,
  { caller }: Call,
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
