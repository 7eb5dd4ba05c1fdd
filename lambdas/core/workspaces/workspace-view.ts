import type * as z from "zod";
import type { WorkspaceRecord } from "#core/access/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { workspace } from "./contract.ts";

export type ViewedWorkspace = Pick<
  WorkspaceRecord,
  "workspace_id" | "name" | "organization_id" | "member_access"
>;

/** A workspace as the API shows it to a caller. */
export function workspaceView(
  { workspace_id, name, organization_id, member_access }: ViewedWorkspace,
  { default_workspace }: Pick<Caller, "default_workspace">,
): z.infer<typeof workspace> {
  const is_default = workspace_id === default_workspace;
  return { workspace_id, name, organization_id, member_access, is_default };
}
