/** Whose right it is to hear of what: decided by where an event's file is, for whoever doesn't hear of all. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Event, EventType } from "#contract/events.ts";
import { type Action, holds, type Scope } from "#contract/scopes.ts";
import { allGrants, judge } from "#core/access/authorize.ts";
import { authorizeOrganization, mayInOrganization } from "#core/access/authorize-organization.ts";
import { isGrantOfNow } from "#core/access/organization-now.ts";
import { fileMadeBy, type Located } from "#core/access/place.ts";
import { isGoodIn, policyMet, workspaceFor } from "#core/access/standing.ts";
import { type Call, type Caller, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { type HeldGrant, holdsAt } from "#core/kernel/rights.ts";
import { judge as judgeAct } from "#core/policy/judge.ts";
import { type FolderLookup, foldersAbove, foldersOf } from "#core/tree/event-folders.ts";

/** Whether somebody may hear of an event. */
export type Hearer = (event: Event, lookup: FolderLookup) => Promise<boolean>;

const maker = z.object({ created_by: z.string().optional(), mixed: z.boolean().optional() });

/** Readers hear of what they list, and of what they may have webhooks for. */
const READERS: readonly Action[] = ["list", "hooks"];
/** Endpoints hear of that for which their maker may have webhooks. */
const ENDPOINTS: readonly Action[] = ["hooks"];
/** Beside that, who was given what is told to those who may ask for it too. */
const GRANTORS: readonly Action[] = ["grant"];
const OF_GRANTS: ReadonlySet<EventType> = new Set(["grant_created", "grant_ended"]);
/** Which scopes let a token use these actions to hear; listing is judged with the rest. */
const hearsBy: Partial<Record<Action, Scope>> = { hooks: "webhooks:write", grant: "grants:read" };

/**
 * Whoever hears of a whole workspace does so without a read for each event; others hear of what happens in the folders
 * that are theirs, and to what they made themselves.
 *
 * @param log a workspace, or an organization.
 * @throws WharfError not_found where the caller has nothing there; forbidden for an organization's.
 */
export async function hearerOf(
  deps: TableDeps,
  call: Pick<Call, "caller" | "decided">,
  log: string,
): Promise<Hearer> {
  call.decided?.();
  if (log.startsWith("org_")) {
    await authorizeOrganization(deps, call, log, "members");
    requireScope(call.caller, "members:read", "clients:read");
    return byScope(call.caller);
  }
  const hearer = await hearerIn(deps, call.caller, log, READERS);
  if (hearer === undefined) throw notFound("workspace", log);
  return hearer;
}

/**
 * The same for endpoints, which hear what their maker may. Of a log, and of an event, it is asked once, however many
 * endpoints the maker has.
 */
export function endpointHearer(deps: TableDeps, maker: Caller): Hearer {
  const logs = new Map<string, Promise<Hearer | undefined>>();
  const events = new Map<string, Promise<boolean>>();
  const hears: Hearer = async (event, lookup) => {
    const log = event.workspace_id ?? event.organization_id ?? "";
    const hearer = await once(logs, log, () => logHearer(deps, maker, log));
    return (await hearer?.(event, lookup)) ?? false;
  };
  return (event, lookup) => once(events, event.id, () => hears(event, lookup));
}

/**
 * One endpoint of the maker's: it hears no more in an organization that was handed over with its maker, and without it, nor
 * of a place whose policy lets nothing be sent to its host.
 */
export function hearerBy(
  hears: Hearer,
  maker: Caller,
  { webhook_id, url }: { webhook_id: string; url: string },
): Hearer {
  return async (event, lookup) => {
    const place = event.workspace_id ?? event.organization_id ?? "";
    return (await hears(event, lookup)) && isGoodIn(maker, place, webhook_id) && maySendTo(maker, place, url);
  };
}

/** Whether the policy of a place, which the maker's decision has met, lets what happens there be sent to a URL. */
function maySendTo(maker: Caller, place: string, url: string): boolean {
  const policy = policyMet(maker, place);
  const host = URL.parse(url)?.hostname ?? "";
  return policy === undefined || judgeAct(policy, { action: "register_webhook", host }).outcome !== "deny";
}

/** Whether an endpoint of the maker's hears of anything in a workspace. */
export async function mayHearIn(deps: TableDeps, maker: Caller, workspaceId: string): Promise<boolean> {
  return (await hearerIn(deps, maker, workspaceId, ENDPOINTS)) !== undefined;
}

function once<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find();
  known.set(key, found);
  return found;
}

/** `undefined` where the maker hears of nothing there. */
async function logHearer(deps: TableDeps, maker: Caller, log: string): Promise<Hearer | undefined> {
  if (!log.startsWith("org_")) return hearerIn(deps, maker, log, ENDPOINTS);
  return (await mayInOrganization(deps, maker, log, "members")) ? byScope(maker) : undefined;
}

/** Of an organization itself a token hears what its scopes let it read. */
function byScope({ scopes }: Caller): Hearer {
  return async ({ type }) => holds(scopes, scopeToHear(type));
}

function scopeToHear(type: EventType): Scope {
  if (type.startsWith("key_") || type.startsWith("secret_")) return "clients:read";
  if (type === "policy_changed") return "policies:read";
  if (type.startsWith("workspace_")) return "workspaces:read";
  return type.startsWith("webhook_") ? "webhooks:read" : "members:read";
}

async function hearerIn(
  deps: TableDeps,
  caller: Caller,
  workspace_id: string,
  by: readonly Action[],
): Promise<Hearer | undefined> {
  const known = new Map<string, Promise<boolean>>();
  const hearsAll = (how: readonly Action[]) =>
    once(known, how.join(" "), () => hearsAt(deps, caller, { workspace_id }, how));
  if (!(await hearsAll(by)) && !(await hasAnything(deps, caller, workspace_id))) return undefined;
  const makers = new Map<string, z.infer<typeof maker>>();
  return async (event, lookup) => {
    const needs = OF_GRANTS.has(event.type) ? [by, GRANTORS] : [by];
    const hears = async (place: Located) => every(needs, (how) => hearsAt(deps, caller, place, how));
    if (await every(needs, hearsAll)) return true;
    const { file_id } = event;
    const made = file_id === undefined ? undefined : await makerOf(deps, file_id, makers);
    for (const folder of await foldersOf(deps, event, lookup)) {
      const above = [...(await foldersAbove(deps, folder, lookup))].reverse().slice(1);
      // As they are above it, though one of them be gone: that is what an event may tell of.
      const trail = above.map((folder_id) => ({ folder_id, name: "", parent_id: "" }));
      const file = made && { by: "file" as const, file: fileMadeBy(caller.id, made) };
      if (await hears({ workspace_id, folder_id: folder, file_id, above, trail, made: file })) return true;
    }
    return false;
  };
}

async function every<T>(all: readonly T[], holds: (one: T) => Promise<boolean>): Promise<boolean> {
  for (const one of all) if (!(await holds(one))) return false;
  return true;
}

/** Whether anything in the workspace is the caller's, within its restriction. */
async function hasAnything(deps: TableDeps, caller: Caller, workspaceId: string): Promise<boolean> {
  const { details } = caller.rights;
  if (details?.every(({ workspace }) => workspace !== workspaceId)) return false;
  const grants = await allGrants(deps, caller);
  const here = grants.filter((grant) => grant.workspace_id === workspaceId && holdsAt(grant, deps.now()));
  const where = here.length === 0 ? undefined : await workspaceFor(deps, caller, workspaceId);
  const holds = ({ via, epoch }: HeldGrant) =>
    where !== undefined &&
    isGrantOfNow({ principal_id: via ?? caller.id, epoch }, where.workspace, where.organization);
  if (here.some(holds)) return true;
  // What its role gives it there it hears of; where that is restricted, of some.
  return (
    details !== undefined &&
    (await judge(deps, unrestricted(caller), { workspace_id: workspaceId }, "list"))?.allowed === true
  );
}

const unrestricted = (caller: Caller): Caller => ({
  ...caller,
  rights: { ...caller.rights, details: undefined },
});

/** @param by any one of them. */
async function hearsAt(
  deps: TableDeps,
  caller: Caller,
  place: Located,
  by: readonly Action[],
): Promise<boolean> {
  for (const action of by) {
    const scope = hearsBy[action];
    const named = scope === undefined || holds(caller.scopes, scope);
    if (named && (await judge(deps, caller, place, action))?.allowed) return true;
  }
  return false;
}

async function makerOf(
  { table }: TableDeps,
  fileId: string,
  known: Map<string, z.infer<typeof maker>>,
): Promise<z.infer<typeof maker>> {
  const found = known.get(fileId) ?? (await table.get(maker, keys.node(fileId))) ?? {};
  known.set(fileId, found);
  return found;
}
