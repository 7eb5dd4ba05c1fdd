/** How clients and keys end, and what ends with them. */
import * as z from "zod";
import { at, id } from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";
import { ofAnother, whose } from "#core/accounts/keys-contract.ts";

const linksEnd = z.enum(["keep", "revoke"]);
export type LinksEnd = z.infer<typeof linksEnd>;

const count = (what: string) => z.int().meta({ description: `${what} that ended by this call.` });
/** How many of each kind. */
const ended = z
  .object({
    sessions: count("Uploads"),
    locks: count("Locks"),
    links: count("Links"),
    endpoints: count("Endpoints"),
    keys: count("Keys that it had made"),
    clients: count("Clients that it had made"),
    secrets: count("Secrets that it had made"),
    grants: count("Grants that it had given"),
    invitations: count("Open invitations that it had made"),
    transfers: count("Open transfers that it had made"),
  })
  .meta({ id: "EndedWithIt" });
export type Ended = z.infer<typeof ended>;

/** Nothing yet. */
export const nothingEnded = (): Ended => ({
  ...{ sessions: 0, locks: 0, links: 0, endpoints: 0 },
  ...{ keys: 0, clients: 0, secrets: 0, grants: 0, invitations: 0, transfers: 0 },
});

const told = {
  revoked_at: at("When it was ended: its calls are refused from then on"),
  ended: ended.meta({ description: "What this call has ended of what it held and made." }),
  complete: z
    .boolean()
    .meta({ description: "Whether that is all; where it isn't, the rest ends within minutes." }),
};
export const endedClient = z.object({
  client_id: id("cli"),
  links: linksEnd.meta({ description: "What becomes of its links." }),
  ...told,
});
export const endedKey = z.object({ key_id: id("key"), ...told });

const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const revoked_at = "2026-01-01T00:00:00.000Z";
const shown = { revoked_at, ended: { ...nothingEnded(), keys: 1 }, complete: true };

export const endClientRoute = defineRoute({
  id: "endClient",
  method: "DELETE",
  path: "/v1/clients/{id}",
  summary: "End a client at once, with what it holds and what it has made",
  description:
    "From the next call on its tokens, secrets and keys are refused. Its uploads, locks and endpoints end with it, and so do keys, clients, secrets, grants, open invitations and transfers that it has made, and what those have. Its links live on unless `links=revoke`. May be repeated. An organization's only owner can't be ended: 409.",
  tag: "Clients",
  access: { organization: "clients", decides: "a client's own record says whose it is" },
  scopes: ["clients:write"],
  params: { id: id("cli") },
  query: {
    links: linksEnd.optional().meta({
      description: "What becomes of its links: `keep` unless said, now or by a call before.",
    }),
  },
  responses: { 200: { description: "It has ended", schema: endedClient } },
  errors: ["not_found", "conflict"],
  example: { response: { client_id: `cli_${ULID}`, links: "keep", ...shown } },
});

export const endKeyRoute = defineRoute({
  id: "endKey",
  method: "DELETE",
  path: "/v1/keys/{id}",
  summary: "End an API key at once, with what was made with it",
  description:
    "From the next call on it is refused, and so are tokens that it was exchanged for. Keys, clients, secrets, grants, open invitations, transfers and endpoints that were made with it end too. May be repeated. A key of another needs `client`, whose it is.",
  tag: "Keys",
  access: { own: whose },
  scopes: ["clients:write"],
  params: { id: id("key") },
  query: { client: ofAnother },
  responses: { 200: { description: "It has ended", schema: endedKey } },
  errors: ["not_found", "conflict"],
  example: { response: { key_id: `key_${ULID}`, ...shown } },
});
