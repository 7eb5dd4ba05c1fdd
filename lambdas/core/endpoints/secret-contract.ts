/** Secrets that deliveries are signed with. */
import * as z from "zod";
import { at, id } from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";

const MAX_OVERLAP_SECONDS = 604_800;

/** Standard Webhooks: 24 to 64 bytes of key. In canonical base64 that is 8 to 21 groups and a rest of 0, 1 or 2 bytes. */
export const secret = z
  .string()
  .regex(
    /^whsec_(?:(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/][AQgw]==)?|(?:[A-Za-z0-9+/]{4}){8,20}[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)$/,
    "must be whsec_ and 24 to 64 bytes in canonical base64",
  )
  .meta({ description: "`whsec_` and the base64 of 24–64 random bytes. Made for you unless you send one." });

const tag = "Webhooks";

const params = { id: id("hook") };

export const rotatedSecret = z.object({
  webhook_id: id("hook"),
  secret: z.string().meta({ description: "Shown this once." }),
  previous_secret_until: at("Until when the old secret signs too"),
});

export type RotatedSecret = z.infer<typeof rotatedSecret>;

export const rotateWebhookSecretRoute = defineRoute({
  id: "rotateWebhookSecret",
  method: "POST",
  path: "/v1/webhooks/{id}/secret/rotate",
  summary: "Give an endpoint a new secret; the old one signs beside it for a while",
  description:
    "`webhook-signature` carries both, the new one first. `X-Signature` stays with the old secret until the overlap ends or until promote.",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
  params,
  body: z.strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(MAX_OVERLAP_SECONDS)
      .default(86_400)
      .meta({ description: "Seconds that the old secret signs beside the new one; 7 days at most." }),
    secret: secret.optional(),
  }),
  responses: {
    200: {
      description: "The new secret",
      schema: rotatedSecret,
    },
  },
  errors: ["not_found", "conflict"],
});

export const promoteWebhookSecretRoute = defineRoute({
  id: "promoteWebhookSecret",
  method: "POST",
  path: "/v1/webhooks/{id}/secret/promote",
  summary: "Let the new secret make X-Signature from now on",
  tag,
  access: { own: "endpoints are their makers', and their organization's admins'" },
  scopes: ["webhooks:write"],
  params,
  body: z.strictObject({}),
  idempotency: "after",
  responses: { 204: { description: "The current secret makes X-Signature" } },
  errors: ["not_found"],
});
