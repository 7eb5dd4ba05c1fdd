/** API keys: one secret for a script, used as a token is. */
import * as z from "zod";
import { at, givenTime, id, orNull, orTime, page, title } from "#contract/common.ts";
import { authorizationDetails, grantedDetail } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";
import { scope } from "#contract/scopes.ts";
import { heldScopes } from "./clients-contract.ts";

/** Days that a key lives at most. */
export const MAX_KEY_DAYS = 365;
/** Live keys of one client or person. */
export const MAX_KEYS = 100;

export const apiKey = z
  .object({
    key_id: id("key"),
    principal_id: z.union([id("cli"), id("usr")]).meta({ description: "The client or person whose it is." }),
    name: z.string().meta({ description: "For people; no two need differ." }),
    scopes: z.array(scope).meta({ description: "What it can do at most." }),
    authorization_details: orNull(
      z.array(grantedDetail),
      "Where alone it can do that; `null`: wherever its holder can.",
    ),
    created_at: at("When it was made"),
    expires_at: at("When it ends"),
    last_used: orNull(z.iso.date(), "The day (UTC) of its last use; `null`: never yet."),
    revoked_at: orTime("When it was ended; it is listed for 30 days more."),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof apiKey>;

const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const shownKey: ApiKey = {
  key_id: `key_${ULID}`,
  principal_id: `cli_${ULID}`,
  name: "laptop",
  scopes: ["files:read"],
  authorization_details: [
    { type: "file_access", actions: ["list", "read"], workspace: `ws_${ULID}`, folder: `fld_${ULID}` },
  ],
  created_at: "2026-01-01T00:00:00.000Z",
  expires_at: "2026-03-01T00:00:00.000Z",
  last_used: null,
  revoked_at: null,
};

export const newKey = apiKey.extend({
  api_key: z.string().meta({
    description: "The key itself (`whk_…`), for `Authorization: Bearer …`. Shown this once.",
  }),
});

const tag = "Keys";
export const ofAnother = id("cli").optional().meta({
  description:
    "A client of the organization whose keys are meant, for its owners and admins; the caller itself unless said.",
});
/** Why it is the verb that decides. */
export const whose = "keys are the caller's own; of a client's the verb decides by its organization";

export const createKeyRoute = defineRoute({
  id: "createKey",
  method: "POST",
  path: "/v1/keys",
  summary: "Make an API key",
  description: `Works as a Bearer token, without an exchange, until \`expires_at\`, ${MAX_KEY_DAYS} days at most. Its scopes are the caller's own at most, and the client's. One client or person has ${MAX_KEYS} at most; one more is 429 \`grant_limit\`. A key that is made with a key ends with that.`,
  tag,
  access: { own: whose },
  scopes: ["clients:write"],
  body: z.strictObject({
    name: title,
    scopes: heldScopes,
    authorization_details: authorizationDetails.optional(),
    expires_at: givenTime.meta({ description: `When it ends: within ${MAX_KEY_DAYS} days.` }),
    client: ofAnother,
  }),
  responses: { 201: { description: "The key", schema: newKey } },
  errors: ["not_found", "invalid_authorization_details", "grant_limit"],
  example: {
    request: {
      name: shownKey.name,
      scopes: shownKey.scopes,
      authorization_details: [
        { type: "file_access", actions: ["list", "read"], workspace: "builds", folder: "nightly" },
      ],
      expires_at: shownKey.expires_at,
    },
    response: { ...shownKey, api_key: "whk_…" },
  },
});

export const listKeysRoute = defineRoute({
  id: "listKeys",
  method: "GET",
  path: "/v1/keys",
  summary: "List API keys, the oldest first",
  tag,
  access: { own: whose },
  scopes: ["clients:read", "clients:write"],
  query: { ...page.query, client: ofAnother },
  responses: { 200: { description: "One page", schema: page.of(apiKey) } },
  errors: ["not_found", "invalid_cursor"],
});
