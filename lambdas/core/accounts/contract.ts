import * as z from "zod";

/** Seconds that an access token lives. */
export const TOKEN_SECONDS = 900;

const credentials = {
  client_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "The client (`cli_…`), unless HTTP Basic names it." }),
  client_secret: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "The client's secret (`whs_…`), unless it comes by HTTP Basic; not in both." }),
};
const scope = z
  .string()
  .max(500)
  .optional()
  .meta({ description: "Scopes, space-separated; all of the client's unless said." });
const grantType = z.string({ error: "is needed: client_credentials" }).max(100);
// What else is asked for is told by RFC 6749's own code for it.
const theGrant = { enum: ["client_credentials"] };

/** Body of `POST /v1/auth/token` as JSON, in which `scopes` for `scope` would get all of them: nothing unknown is taken. */
export const tokenRequest = z
  .strictObject({
    ...credentials,
    grant_type: grantType.optional().meta({ ...theGrant, description: "May be left out in JSON." }),
    scope,
  })
  .meta({ id: "TokenRequest" });

/** The same as a form (RFC 6749, 4.4.2); fields that aren't known are ignored (3.2). */
export const tokenForm = z
  .looseObject({
    ...credentials,
    grant_type: grantType.meta({ ...theGrant, description: "The only grant that there is (RFC 6749, 4.4)." }),
    scope,
  })
  .meta({ id: "TokenForm" });

export const tokenAnswer = z.object({
  access_token: z.string().meta({ description: "Goes into `Authorization: Bearer …`; opaque." }),
  token_type: z.literal("Bearer").meta({ description: "How the token is sent (RFC 6750)." }),
  expires_in: z.int().meta({ description: `Seconds that the token lives: ${TOKEN_SECONDS}.` }),
  scope: z.string().meta({ description: "What the token may do: scopes, space-separated." }),
});

/** RFC 6749, 5.2. */
export const tokenError = z.object({
  error: z
    .enum(["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"])
    .meta({ description: "RFC 6749's code." }),
  error_description: z.string().meta({ description: "What was wrong and what to do, for people." }),
});
export type TokenErrorCode = z.infer<typeof tokenError>["error"];
