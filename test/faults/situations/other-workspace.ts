import type { Actor } from "../stage.ts";

/** A second workspace of the same client's. */
export async function otherWorkspace(me: Actor): Promise<string> {
  return String((await me.json("/v1/workspaces", { json: { name: "other" } }))["workspace_id"]);
}

/** A file goes there, as it is. */
export const goesTo = (me: Actor, fileId: string, workspace: string, headers: Record<string, string> = {}) =>
  me.request(`/v1/files/${fileId}`, { method: "PATCH", json: { workspace }, headers });
