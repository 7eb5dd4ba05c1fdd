/** Shapes of what the table stores of workspaces, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";

export const workspaceRecord = z.object({
  workspace_id: z.string(),
  name: z.string(),
  root_folder: z.string(),
  /** Clients that may use it, beside those with scope `admin`. */
  members: z.set(z.string()),
  created_at: z.string(),
});
