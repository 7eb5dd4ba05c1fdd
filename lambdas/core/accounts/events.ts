/** What the events of keys and secrets tell, with an example of each. */
import * as z from "zod";
import { at, id } from "#contract/common.ts";
import { client, type EventInfo, later, moment, system, ULID } from "#contract/event-info.ts";
import { scope } from "#contract/scopes.ts";

const key_id = `key_${ULID}`;
const ofKey = {
  key_id: id("key"),
  principal_id: z
    .union([id("cli"), id("usr")])
    .meta({ description: "The client or person whose key it is." }),
  name: z.string().meta({ description: "What it is called." }),
};
const days = z.int().meta({ description: "Which warning this is: 14 or 2 days before." });
const key = { key_id, principal_id: client.id, name: "laptop" };

export const accountsEvents = {
  key_created: {
    description: "An API key has been made.",
    of: "organization",
    data: z.object({
      ...ofKey,
      scopes: z.array(scope).meta({ description: "What it can do at most." }),
      restricted: z.boolean().meta({ description: "Whether it has `authorization_details`." }),
      expires_at: at("When it ends"),
    }),
    example: {
      actor: client,
      data: { ...key, scopes: ["files:read"], restricted: false, expires_at: later },
    },
  },
  key_revoked: {
    description: "An API key was ended before its time: by a call, or with what it was made by.",
    of: "organization",
    data: z.object(ofKey),
    example: { actor: client, data: key },
  },
  key_expiring: {
    description: "An API key ends in 14 or 2 days.",
    of: "organization",
    data: z.object({ ...ofKey, expires_at: at("When it ends"), days }),
    example: { actor: system, data: { ...key, expires_at: moment, days: 14 } },
  },
  secret_expiring: {
    description: "A client's secret that is being replaced ends in 14 or 2 days.",
    of: "organization",
    data: z.object({
      client_id: id("cli"),
      secret_id: id("sec"),
      expires_at: at("When it ends"),
      days,
    }),
    example: {
      actor: system,
      data: { client_id: client.id, secret_id: `sec_${ULID}`, expires_at: moment, days: 2 },
    },
  },
} satisfies Record<string, EventInfo>;
