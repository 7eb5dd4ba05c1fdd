/** Shapes of what the table stores of clients, persons, keys and tokens, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";
import { grantedDetail } from "#contract/roles.ts";
import { scope } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION, madeByRecord, rightsShape } from "#core/access/records.ts";
import { formerRights, grantsOf, heldGrant, rightsOf } from "#core/access/rights-of.ts";
import type { Rights } from "#core/kernel/rights.ts";

const secretRecord = z.object({
  /** None of one from before secrets had ids. */
  secret_id: z.string().optional(),
  hash: z.string(),
  created_at: z.string(),
  /** Ends by itself: it is being replaced, or was made with a key that ends. */
  expires_ms: z.number().optional(),
  /** Days before its end of which has been told; see `crossed`. */
  warned_days: z.number().optional(),
  /** The day, `2026-01-31`. */
  last_used: z.string().optional(),
  /** None with a restriction makes any. */
  made_by: madeByRecord.omit({ details: true }).optional(),
});
export type SecretRecord = z.infer<typeof secretRecord>;

/** A client as the table has it. */
export const clientRecord = z.object({
  client_id: z.string(),
  name: z.string(),
  scopes: z.array(scope),
  /** The organization that it belongs to, whose admins manage it; its only one where it isn't said. */
  organization_id: z.string().optional(),
  /** SHA-256 of each live secret, the oldest first; several can be live while one is being replaced. */
  secrets: z.array(secretRecord),
  /** Id of the last change of its secrets, name, scopes or expiry. */
  secrets_change: z.string().optional(),
  /** Where its uploads go that name no workspace; none where it has several, or none of its own. */
  default_workspace: z.string().optional(),
  /** Names of workspaces that it was granted: id → name. */
  workspaces: z.record(z.string(), z.string()).default({}),
  /** Its uploads make workspaces of names that it doesn't know, as they did before that needed a scope. */
  makes_workspaces: z.literal(true).optional(),
  ...rightsShape,
  created_at: z.string(),
  made_by: madeByRecord.optional(),
  /** It is over then, whatever the sweep does later. */
  expires_ms: z.number().optional(),
  revoked_at: z.string().optional(),
});
export type ClientRecord = z.infer<typeof clientRecord>;

/** Whether a client's record is from before there were organizations. */
export const isFormer = ({ organizations }: Pick<ClientRecord, "organizations">) =>
  organizations === undefined;

/** A client as verbs know it: one from before there were organizations reads as the migration will write it. */
export function currentClient(client: ClientRecord): ClientRecord & { rights: Rights } {
  if (!isFormer(client)) {
    const rights = rightsOf(client);
    return { ...client, rights: { ...rights, home: client.organization_id ?? rights.home } };
  }
  const { organizations, grants, further, scopes } = formerRights(client);
  const rights: Rights = {
    organizations,
    grants: [...grantsOf({ grants }), ...further.map(([id, grant]) => heldGrant(id, grant))],
    more_grants: false,
    groups: [],
    home: FIRST_ORGANIZATION,
  };
  return { ...client, scopes, organizations, makes_workspaces: true, rights };
}

/** A human. Signing in comes by other ways; the record holds rights as a client's does. */
export const personRecord = z.object({
  person_id: z.string(),
  name: z.string(),
  emails: z.array(z.object({ address: z.string(), verified_at: z.string() })),
  workspaces: z.record(z.string(), z.string()).default({}),
  ...rightsShape,
  created_at: z.string(),
  disabled_at: z.string().optional(),
});
export type PersonRecord = z.infer<typeof personRecord>;

/** In its holder's partition; see `keys.apiKey`. */
export const keyRecord = z.object({
  key_id: z.string(),
  principal_id: z.string(),
  name: z.string(),
  /** SHA-256 of the whole key. */
  hash: z.string(),
  scopes: z.array(scope),
  details: z.array(grantedDetail).optional(),
  created_at: z.string(),
  made_by: madeByRecord.optional(),
  expires_ms: z.number(),
  /** Days before its end of which has been told; see `crossed`. */
  warned_days: z.number().optional(),
  /** The day, `2026-01-31`. */
  last_used: z.string().optional(),
  revoked_at: z.string().optional(),
  /** When it was seen that it had expired: it counts no more. */
  ended_at: z.string().optional(),
});
export type KeyRecord = z.infer<typeof keyRecord>;

/** What a session's upload token is known by. */
export const uploadTokenRecord = z.object({
  hash: z.string(),
  /** The token is dead at this moment (ms). */
  expires_ms: z.number(),
});

/** A session as whoever shows its token is known by it. */
export const tokenSessionRecord = z.object({
  client_id: z.string(),
  workspace_id: z.string(),
  scopes: z.array(scope),
  made_by: madeByRecord,
  upload_token: uploadTokenRecord,
});

export const tokenRecord = z.object({
  /** The client or person. */
  client_id: z.string(),
  scopes: z.array(scope),
  details: z.array(grantedDetail).optional(),
  /** What it was exchanged from, up to the secret: sort keys in the same partition. It ends with any of them. */
  parents: z.array(z.string()).optional(),
  /** The key that it, or what it was exchanged from, was made with. */
  key_id: z.string().optional(),
  /** See `Caller.means`. */
  means: z.array(z.string()).optional(),
  /** None of a token from before scopes were split. */
  kind: z.enum(["secret", "exchange"]).optional(),
  /** Milliseconds since the epoch; the token is dead at this moment, whatever `ttl` does later. */
  expires_ms: z.number(),
  ttl: z.number(),
});
export type TokenRecord = z.infer<typeof tokenRecord>;
