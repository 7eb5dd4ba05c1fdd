import type { NewEvent } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { GrantRecord } from "./records.ts";

/** What a grant is on, by its id. */
export function resourceOf(on: string): { type: "workspace" | "folder" | "file"; id: string } {
  if (on.startsWith("ws_")) return { type: "workspace", id: on };
  return { type: on.startsWith("fld_") ? "folder" : "file", id: on };
}

/** Why a grant has ended. */
export type EndReason = "revoked" | "left" | "expired" | "purged" | "handed_over";

interface Told {
  type: "grant_created" | "grant_ended";
  grant: GrantRecord;
  request_id: string;
  actor: NewEvent["actor"];
  /** The folder that its file lies in, where that is known. */
  folder_id?: string | undefined;
  reason?: EndReason | undefined;
}

/** The event of a grant that begins or ends. */
export function grantEvent({ type, grant, request_id, actor, folder_id, reason }: Told): NewEvent {
  const { grant_id, principal_id, on, workspace_id, role, actions, expires_ms } = grant;
  const resource = resourceOf(on);
  return {
    ...{ type, request_id, workspace_id, actor },
    ...(resource.type === "file" ? { file_id: on } : {}),
    data: {
      ...{ grant_id, principal_id, resource },
      folder_id: resource.type === "folder" ? on : folder_id,
      ...{ role, actions, expires_at: expires_ms === undefined ? null : iso(expires_ms), reason },
    },
  };
}
