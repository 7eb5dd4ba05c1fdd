/** Shapes of what the table stores of clients and their tokens, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";
import { scope } from "#contract/common.ts";

export const clientRecord = z.object({
  client_id: z.string(),
  name: z.string(),
  scopes: z.array(scope),
  /** SHA-256 of each live secret; two can be live while one is being replaced. */
  secrets: z.array(z.object({ hash: z.string(), created_at: z.string() })),
  /** Id of the last change of secrets. */
  secrets_change: z.string().optional(),
  default_workspace: z.string(),
  /** Workspaces that the client may use: id → name. */
  workspaces: z.record(z.string(), z.string()),
  created_at: z.string(),
  revoked_at: z.string().optional(),
});
export type ClientRecord = z.infer<typeof clientRecord>;

export const tokenRecord = z.object({
  client_id: z.string(),
  scopes: z.array(scope),
  /** Milliseconds since the epoch; the token is dead at this moment, whatever `ttl` does later. */
  expires_ms: z.number(),
  ttl: z.number(),
});
