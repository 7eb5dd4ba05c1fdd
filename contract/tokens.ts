import * as z from "zod";

/** Seconds that an access token lives. */
export const TOKEN_SECONDS = 900;

/** Body of `POST /v1/auth/token`, as JSON or form fields (RFC 6749, 4.4.2). */
export const tokenRequest = z.object({
  client_id: z.string().min(1).max(200).optional(),
  client_secret: z.string().min(1).max(200).optional(),
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
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int().meta({ description: "Seconds." }),
  scope: z.string(),
});

/** RFC 6749, 5.2. */
export const tokenError = z.object({
  error: z.enum(["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"]),
  error_description: z.string(),
});
export type TokenErrorCode = z.infer<typeof tokenError>["error"];
