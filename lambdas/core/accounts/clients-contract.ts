/** Service clients and their secrets. */
import * as z from "zod";
import { at, distinct, givenTime, id, orNull, orTime, page, principal, title } from "#contract/common.ts";
import { memberRole, resourceId, role } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";
import { action, actions, scope, scopes } from "#contract/scopes.ts";

/** Secrets of one client that can be live at the same time. */
export const MAX_SECRETS = 5;
/** Seconds that older secrets go on working beside a new one: at most 30 days. */
const OVERLAP = { max: 2_592_000, default: 86_400 };

export const heldScopes = distinct(scope, { min: 1, max: scopes.length }).meta({
  description: "What its tokens can do at most; the caller's own.",
});

/** A right that a new client has from its beginning. */
export const firstGrant = z
  .strictObject({
    resource_id: resourceId.meta({ description: "A workspace, a folder or a file: there and below." }),
    role: role.optional(),
    actions: distinct(action, { min: 1, max: actions.length }).optional().meta({
      description: "Single actions in the place of a role.",
    }),
    expires_at: givenTime.optional().meta({
      description: "When it ends; unless said with what it is given with, or when its giver's right does.",
    }),
  })
  .refine((grant) => (grant.role === undefined) !== (grant.actions === undefined), {
    message: "has a role or a list of actions, one of the two",
  })
  .meta({ id: "FirstGrant", oneOf: [{ required: ["role"] }, { required: ["actions"] }] });
export type FirstGrant = z.infer<typeof firstGrant>;

const secret = z
  .object({
    secret_id: id("sec"),
    created_at: at("When it was made"),
    expires_at: orTime("When it ends: it is being replaced; `null`: with its client."),
    last_used: orNull(
      z.iso.date(),
      "The day (UTC) on which a token was last made with it; `null`: never yet.",
    ),
  })
  .meta({ id: "ClientSecret" });

const heldGrant = z
  .object({
    grant_id: id("grt"),
    resource_id: resourceId.meta({ description: "The workspace, folder or file that it is on." }),
    workspace_id: id("ws"),
    role: role.optional(),
    actions: z.array(action).optional().meta({ description: "In the place of a role." }),
    expires_at: orTime("When it ends by itself."),
  })
  .meta({ id: "ClientGrant" });

export const serviceClient = z
  .object({
    client_id: id("cli"),
    name: z.string().meta({ description: "For people; no two need differ." }),
    organization_id: id("org"),
    role: memberRole.meta({ description: "Its role in the organization." }),
    scopes: z.array(scope).meta({ description: "What its tokens and keys can do at most." }),
    grants: z.array(heldGrant).meta({ description: "What it was granted: the first 50." }),
    secrets: z
      .array(secret)
      .meta({ description: "Those that are live, the oldest first; never what they are." }),
    created_at: at("When it was made"),
    created_by: orNull(
      principal,
      "Who made it, by a token or key of theirs; `null` where it was made by `npm run admin`.",
    ),
    expires_at: orTime("When it ends by itself."),
    revoked_at: orTime("When it was ended; `null` while it lives."),
  })
  .meta({ id: "ServiceClient" });
export type ServiceClient = z.infer<typeof serviceClient>;

const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const created_at = "2026-01-01T00:00:00.000Z";
const shownSecret = { secret_id: `sec_${ULID}`, created_at, expires_at: null, last_used: null };
const shownClient: ServiceClient = {
  client_id: `cli_${ULID}`,
  name: "nightly build",
  organization_id: `org_${ULID}`,
  role: "guest",
  scopes: ["files:read", "files:write"],
  grants: [
    {
      grant_id: `grt_${ULID}`,
      resource_id: `ws_${ULID}`,
      workspace_id: `ws_${ULID}`,
      role: "contributor",
      expires_at: null,
    },
  ],
  secrets: [shownSecret],
  created_at,
  created_by: `usr_${ULID}`,
  expires_at: null,
  revoked_at: null,
};

const client_secret = z.string().meta({ description: "The secret itself (`whs_…`). Shown this once." });
export const newServiceClient = serviceClient.extend({ client_secret });
export const newClientSecret = secret.extend({ client_secret });

/** Grants that come with a new client at most: each is written as if it were given alone. */
export const FIRST_GRANTS = 10;

const tag = "Clients";
const params = { id: id("cli") };
/** Why no path says which organization is meant. */
const ofClient = "a client's own record says whose it is";
const expiresAt = givenTime.meta({
  description: "When it ends by itself; no later than the key or client that makes it.",
});

export const createServiceClientRoute = defineRoute({
  id: "createClient",
  method: "POST",
  path: "/v1/clients",
  summary: "Make a client of the organization, with its first secret",
  description:
    "Its scopes, role and grants are the caller's own at most. `members:*`, `clients:*`, `workspaces:write` and `admin` need a role above `guest`. `grants` need `grants:write`. One that a client or key makes ends with that; one that a person makes belongs to the organization.",
  tag,
  access: { organization: "clients", decides: "the body may name the organization" },
  scopes: ["clients:write"],
  body: z.strictObject({
    name: title,
    scopes: heldScopes,
    role: memberRole.default("guest"),
    grants: distinct(firstGrant, { max: FIRST_GRANTS, key: (grant) => JSON.stringify(grant) })
      .default([])
      .meta({ description: "What it may do where from the beginning." }),
    expires_at: expiresAt.optional(),
    organization: id("org").optional().meta({ description: "Where the caller belongs to several." }),
  }),
  responses: { 201: { description: "The client with its secret", schema: newServiceClient } },
  errors: ["not_found", "grant_limit"],
  example: {
    request: {
      name: shownClient.name,
      scopes: shownClient.scopes,
      grants: [{ resource_id: `ws_${ULID}`, role: "contributor" }],
    },
    response: { ...shownClient, client_secret: "whs_…" },
  },
});

export const listServiceClientsRoute = defineRoute({
  id: "listClients",
  method: "GET",
  path: "/v1/clients",
  summary: "List the organization's clients, the oldest first",
  tag,
  access: { organization: "clients", decides: "the query may name the organization" },
  scopes: ["clients:read", "clients:write"],
  query: {
    ...page.query,
    organization: id("org").optional().meta({ description: "Where the caller belongs to several." }),
  },
  responses: { 200: { description: "One page", schema: page.of(serviceClient) } },
  errors: ["not_found", "invalid_cursor"],
});

export const getServiceClientRoute = defineRoute({
  id: "getClient",
  method: "GET",
  path: "/v1/clients/{id}",
  summary: "Get a client, and when its secrets were last used",
  tag,
  access: { organization: "clients", decides: ofClient },
  scopes: ["clients:read", "clients:write"],
  params,
  responses: { 200: { description: "The client", schema: serviceClient } },
  errors: ["not_found"],
  example: { response: shownClient },
});

export const changeServiceClientRoute = defineRoute({
  id: "changeClient",
  method: "PATCH",
  path: "/v1/clients/{id}",
  summary: "Change a client's name, scopes or expiry",
  description:
    "A scope that it hasn't yet must be the caller's own. One that it loses is gone from its tokens and keys at once.",
  tag,
  access: { organization: "clients", decides: ofClient },
  scopes: ["clients:write"],
  params,
  body: z.strictObject({
    name: title.optional(),
    scopes: heldScopes.optional(),
    expires_at: expiresAt.nullable().optional().meta({ description: "`null`: never by itself." }),
  }),
  responses: { 200: { description: "The client as it is now", schema: serviceClient } },
  errors: ["not_found", "conflict"],
  example: { request: { scopes: ["files:write"] } },
});

export const addClientSecretRoute = defineRoute({
  id: "addClientSecret",
  method: "POST",
  path: "/v1/clients/{id}/secrets",
  summary: "Make a client's next secret; the older ones end after an overlap",
  description: `At most ${MAX_SECRETS} are live at the same time; one more is 429 \`grant_limit\`. The caller's token has all scopes of the client, since whoever has the secret has them. Tokens that were made with a secret live on for their 15 minutes at most.`,
  tag,
  access: { organization: "clients", decides: ofClient },
  scopes: ["clients:write"],
  params,
  body: z.strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(OVERLAP.max)
      .default(OVERLAP.default)
      .meta({
        description: `Seconds that the older ones still work, ${OVERLAP.max} at most; ${OVERLAP.default} unless said; 0: they end at once.`,
      }),
  }),
  responses: { 201: { description: "The secret", schema: newClientSecret } },
  errors: ["not_found", "grant_limit", "conflict"],
  example: {
    request: { overlap_seconds: OVERLAP.default },
    response: { ...shownSecret, client_secret: "whs_…" },
  },
});

export const endClientSecretRoute = defineRoute({
  id: "endClientSecret",
  method: "DELETE",
  path: "/v1/clients/{id}/secrets/{sid}",
  summary: "End one of a client's secrets at once",
  tag,
  access: { organization: "clients", decides: ofClient },
  scopes: ["clients:write"],
  params: { ...params, sid: id("sec") },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "conflict"],
});
