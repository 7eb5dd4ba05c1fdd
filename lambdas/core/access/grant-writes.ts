/** What a grant is in the table, as it is given and as it ends: three places and its holder's copy, all in one transaction. */
import type * as z from "zod";
import { due, keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { WharfError } from "#core/kernel/error.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import type { GrantRecord, heldGrantRecord } from "./records.ts";
import { MAX_IN_RECORD } from "./rights-of.ts";

/** Grants that one holder has at most. */
export const MAX_GRANTS = 1_000;

/** An ended grant stays for so long, so that no late copy of its first write brings it back. */
const ENDED_KEEP_MS = 30 * 86_400_000;

/** The name of a workspace that it is on, for a holder that may call it by that. */
interface Named {
  workspace_name?: string | undefined;
}
export type NewGrant = GrantRecord & Named;

/**
 * The writes that give a grant: its own record, its places in the resource's list, and its holder's copy of it, in the
 * holder's record while that has room (`further: false`), else in its partition. Whoever finds no room tries the other.
 *
 * Of a client from before there were organizations no place has room: it is brought over first (`migrateClient`).
 *
 * The first one's condition fails where there is one of the same terms.
 *
 * @param instead one of the same terms that has ended, and left its place.
 */
export function grantWrites(
  grant: NewGrant,
  { further, instead }: { further: boolean; instead?: string | undefined },
): Write[] {
  return [...grantItems(grant, instead), ...(further ? furtherCopy(grant) : [copyInRecord(grant)])];
}

/** The same but for the holder's copy: for a holder whose record is made with it, and has `heldBy` itself. */
export function grantItems({ workspace_name: _, ...record }: NewGrant, instead?: string): Write[] {
  const { grant_id, on, expires_ms } = record;
  const isNew = { condition: "attribute_not_exists(#pk)" };
  const ends = expires_ms === undefined ? {} : due("grant", expires_ms, grant_id);
  const same = { ...keys.sameGrant(on, termsOf(record)), grant_id };
  return [
    instead === undefined
      ? { put: same, ...isNew }
      : { put: same, condition: "attribute_not_exists(#pk) OR #grant_id = :instead", values: { instead } },
    { put: { ...keys.grant(grant_id), ...record, ...ends }, ...isNew },
    { put: { ...keys.resourceGrant(on, grant_id), ...record }, ...isNew },
  ];
}

/** A grant as its holder has it. */
export function heldBy(grant: GrantRecord): z.infer<typeof heldGrantRecord> {
  const { on, workspace_id, role, actions, expires_ms, epoch } = grant;
  return { on, workspace_id, role, actions, expires_ms, epoch };
}

/** As grants keep a workspace's: none of one that was never handed over. */
export const epochOf = ({ epoch }: { epoch: number }) => (epoch === 0 ? undefined : epoch);

/**
 * What makes two grants the same: who gave it ends it, so that another's is none of these; nor is one that a file has left
 * behind in another workspace, or one from before the workspace was handed over.
 */
export function termsOf({
  principal_id,
  on,
  workspace_id,
  role,
  actions,
  expires_ms,
  created_by,
  made_by,
  epoch,
}: GrantRecord): string {
  const maker = made_by?.key_id ?? created_by;
  const terms = [principal_id, role ?? [...(actions ?? [])].sort(), expires_ms ?? null, maker];
  return JSON.stringify([
    ...terms,
    ...(on.startsWith("file_") ? [workspace_id] : []),
    ...(epoch === undefined ? [] : [epoch]),
  ]);
}

const isGroup = ({ principal_id }: Pick<GrantRecord, "principal_id">) => principal_id.startsWith("grp_");

/** Groups have no names of workspaces: nobody calls with a group's token. */
const namesOf = ({ workspace_name, on, workspace_id, ...grant }: NewGrant) =>
  isGroup(grant) || on !== workspace_id ? undefined : workspace_name;

function copyInRecord(grant: NewGrant): Write {
  const { grant_id, principal_id, workspace_id } = grant;
  const name = namesOf(grant);
  return {
    key: keys.principal(principal_id),
    update: { set: { [`grants.${grant_id}`]: heldBy(grant), [`workspaces.${workspace_id}`]: name } },
    condition: `${belongs(grant)} AND size(#grants) < :room${name === undefined ? "" : " AND attribute_exists(#workspaces)"}`,
    values: { room: MAX_IN_RECORD },
  };
}

function furtherCopy(grant: GrantRecord): Write[] {
  const { grant_id, principal_id, workspace_id } = grant;
  return [
    {
      key: keys.principal(principal_id),
      update: { add: { more_grants: 1 } },
      condition: `${belongs(grant)} AND (attribute_not_exists(#more_grants) OR #more_grants < :most)`,
      values: { most: MAX_GRANTS - MAX_IN_RECORD },
    },
    {
      put: { ...keys.furtherGrant(principal_id, workspace_id, grant_id), grant_id, ...heldBy(grant) },
      condition: "attribute_not_exists(#pk)",
    },
  ];
}

/** What one write changes of a holder's record that gets several grants at once, and what else is written. */
interface Copies {
  set: Record<string, unknown>;
  add: Record<string, number>;
  condition: string;
  values: Record<string, number>;
  beside: Write[];
}

/**
 * The holder's copies of grants that it gets together with something else that its record says, in one write of that.
 * All stand in its record, where that has room (`further: false`), or all in its partition.
 */
export function copiesOf(grants: readonly NewGrant[], { further }: { further: boolean }): Copies {
  const count = grants.length;
  if (further)
    return {
      ...{ set: {}, add: { more_grants: count } },
      condition: "(attribute_not_exists(#more_grants) OR #more_grants <= :most_further)",
      values: { most_further: MAX_GRANTS - MAX_IN_RECORD - count },
      beside: grants.map((grant) => {
        const { principal_id, workspace_id, grant_id } = grant;
        const put = {
          ...keys.furtherGrant(principal_id, workspace_id, grant_id),
          grant_id,
          ...heldBy(grant),
        };
        return { put, condition: "attribute_not_exists(#pk)" };
      }),
    };
  const set = grants.map((grant) => ({
    [`grants.${grant.grant_id}`]: heldBy(grant),
    [`workspaces.${grant.workspace_id}`]: namesOf(grant),
  }));
  return {
    set: Object.assign({}, ...set.map(defined)),
    add: {},
    condition: "size(#grants) <= :room",
    values: { room: MAX_IN_RECORD - count },
    beside: [],
  };
}

/** Of two grants in a workspace one may be on a folder, which gives no name. */
const defined = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** A record of today: one from before there were grants has no map of them. */
const LIVES =
  "attribute_exists(#grants) AND attribute_not_exists(#revoked_at) AND attribute_not_exists(#disabled_at)";

/** Whoever leaves an organization in the same moment keeps nothing on its workspaces. A group never leaves its own. */
const belongs = (grant: GrantRecord) =>
  isGroup(grant) ? LIVES : `${LIVES} AND attribute_exists(#organizations.#${grant.organization_id})`;

/** For a holder that has 1,000. */
export function grantLimit(principal: string): WharfError {
  return new WharfError(
    "grant_limit",
    `${principal} has ${MAX_GRANTS} grants, and more it can't have. Grant on a folder or workspace above, or to a group.`,
    { max: MAX_GRANTS },
  );
}

/** Where a grant's holder has its copy: nowhere, where the holder itself is gone. */
export type CopyIn = { record: { size: number; lastOnWorkspace: boolean } } | "partition" | "nowhere";

/**
 * The writes that end a grant: its record stays for a while and says so, its places and its holder's copy go. The first
 * one's condition fails where it has ended, the others' where its copy has gone elsewhere since.
 *
 * @param when what must hold of it beside.
 */
export function ungrantWrites(
  now: number,
  grant: GrantRecord,
  { copyIn, reason, when }: { copyIn: CopyIn; reason: string; when?: string | undefined },
): Write[] {
  const { grant_id, on, made_by, created_by } = grant;
  return [
    {
      key: keys.grant(grant_id),
      update: {
        set: { ended_at: iso(now), end_reason: reason, ttl: ttl(now + ENDED_KEEP_MS) },
        remove: ["due_pk", "due_sk"],
      },
      condition: `attribute_exists(#pk) AND attribute_not_exists(#ended_at)${when === undefined ? "" : ` AND ${when}`}`,
      values: when === undefined ? {} : { now },
    },
    { remove: keys.resourceGrant(on, grant_id) },
    // None of a grant from before these were kept, or another's that was given since.
    {
      remove: keys.sameGrant(on, termsOf(grant)),
      condition: "attribute_not_exists(#pk) OR #grant_id = :grant_id",
      values: { grant_id },
    },
    { remove: keys.progeny(made_by?.key_id ?? created_by, grant_id) },
    ...copyEnds(grant, copyIn),
  ];
}

function copyEnds({ grant_id, principal_id, workspace_id }: GrantRecord, copyIn: CopyIn): Write[] {
  const key = keys.principal(principal_id);
  if (copyIn === "nowhere") return [];
  if (copyIn === "partition")
    return [
      {
        remove: keys.furtherGrant(principal_id, workspace_id, grant_id),
        condition: "attribute_exists(#pk)",
      },
      { key, update: { add: { more_grants: -1 } }, condition: "#more_grants > :none", values: { none: 0 } },
    ];
  const { size, lastOnWorkspace } = copyIn.record;
  return [
    {
      key,
      update: {
        remove: [`grants.${grant_id}`, ...(lastOnWorkspace ? [`workspaces.${workspace_id}`] : [])],
      },
      // The workspace's name goes with the last grant on it: none may have come since.
      condition: `attribute_exists(#grants.#${grant_id})${lastOnWorkspace ? " AND size(#grants) = :size" : ""}`,
      values: lastOnWorkspace ? { size } : {},
    },
  ];
}
