import * as z from "zod";

/** Seconds that an access token lives. */
export const TOKEN_SECONDS = 900;

/** Body of `POST /v1/auth/token`, as JSON or form fields (RFC 6749, 4.4.2). */
export const tokenRequest = z.object({
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
  grant_type: z
    .string()
    .max(100)
    .optional()
    .meta({ description: "`client_credentials`; needed with form encoding." }),
  scope: z
    .string()
    .max(500)
    .optional()
    .meta({ description: "Scopes, space-separated; default: all of the client's." }),
});

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
