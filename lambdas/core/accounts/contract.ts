import * as z from "zod";
import { wholeNumber } from "#contract/common.ts";
import { authorizationDetails, grantedDetail } from "#contract/roles.ts";

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
/** The type of every token here (RFC 8693, 3). */
export const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
/** RFC 6749, 4.4 and RFC 8693, 2.1. */
export const grantTypes = {
  credentials: "client_credentials",
  exchange: "urn:ietf:params:oauth:grant-type:token-exchange",
} as const;

const scope = z.string().max(1_000).optional().meta({
  description: "Scopes, space-separated; all of the client's, or the subject's, unless said.",
});
const grantType = z.string({ error: `is needed: ${Object.values(grantTypes).join(" or ")}` }).max(100);
// What else is asked for is told by RFC 6749's own code for it.
const theGrant = { enum: Object.values(grantTypes) };
const exchange = {
  subject_token: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "For an exchange (RFC 8693): an access token, or an API key." }),
  subject_token_type: z
    .string()
    .max(200)
    .optional()
    .meta({
      enum: [ACCESS_TOKEN],
      description: "For an exchange: what `subject_token` is.",
    }),
  requested_token_type: z
    .string()
    .max(200)
    .optional()
    .meta({
      enum: [ACCESS_TOKEN],
      description: "For an exchange; may be left out.",
    }),
};
const seconds = { min: 1, max: TOKEN_SECONDS };
const lives = `For an exchange: seconds that the token lives at most, ${TOKEN_SECONDS} unless said; never longer than its subject.`;

/** Body of `POST /v1/auth/token` as JSON, in which `scopes` for `scope` would get all of them: nothing unknown is taken. */
export const tokenRequest = z
  .strictObject({
    ...credentials,
    grant_type: grantType
      .optional()
      .meta({ ...theGrant, description: "May be left out in JSON: client_credentials." }),
    scope,
    authorization_details: authorizationDetails.optional(),
    ...exchange,
    expires_in: z.int().min(seconds.min).max(seconds.max).optional().meta({ description: lives }),
  })
  .meta({ id: "TokenRequest" });

/** The same as a form (RFC 6749, 4.4.2); fields that aren't known are ignored (3.2). */
export const tokenForm = z
  .looseObject({
    ...credentials,
    grant_type: grantType.meta({ ...theGrant, description: "RFC 6749, 4.4, or RFC 8693, 2.1." }),
    scope,
    authorization_details: z
      .string()
      .max(10_000)
      .optional()
      .meta({ description: "As JSON: an array, as the member of that name in a JSON body (RFC 9396, 5)." }),
    ...exchange,
    expires_in: wholeNumber("seconds", seconds).optional().meta({ description: lives }),
  })
  .meta({ id: "TokenForm" });

export const tokenAnswer = z.object({
  access_token: z.string().meta({ description: "Goes into `Authorization: Bearer …`; opaque." }),
  token_type: z.literal("Bearer").meta({ description: "How the token is sent (RFC 6750)." }),
  expires_in: z
    .int()
    .meta({ description: `Seconds that the token lives: ${TOKEN_SECONDS}, or less by an exchange.` }),
  scope: z.string().meta({ description: "What the token may do: scopes, space-separated." }),
  authorization_details: z
    .array(grantedDetail)
    .optional()
    .meta({ description: "Where alone it may do that, as it was granted: by ids." }),
  issued_token_type: z
    .literal(ACCESS_TOKEN)
    .optional()
    .meta({ description: "Of an exchange (RFC 8693, 2.2.1)." }),
});

/** RFC 6749, 5.2, and RFC 9396, 5. */
export const tokenError = z.object({
  error: z
    .enum([
      ...(["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"] as const),
      "invalid_authorization_details",
    ])
    .meta({ description: "RFC 6749's code, or RFC 9396's." }),
  error_description: z.string().meta({ description: "What was wrong and what to do, for people." }),
});
export type TokenErrorCode = z.infer<typeof tokenError>["error"];
