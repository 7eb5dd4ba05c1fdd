/** What the events of grants tell, with an example of each. */
import * as z from "zod";
import { id, orTime } from "#contract/common.ts";
import { client, type EventInfo, folder_id, later, ULID } from "#contract/event-info.ts";
import { given, grantee, resource } from "./contract.ts";

const grant_id = `grt_${ULID}`;
const principal_id = `usr_${ULID}`;
const ofGrant = {
  grant_id: id("grt"),
  principal_id: grantee,
  resource,
  folder_id: id("fld")
    .optional()
    .meta({ description: "The folder that it is on, or that the file lies in; none of a workspace." }),
  ...given,
  expires_at: orTime("When it ends by itself; `null`: not before somebody ends it."),
};
const viewed = {
  grant_id,
  principal_id,
  resource: { type: "folder", id: folder_id },
  folder_id,
  role: "viewer",
  expires_at: later,
} as const;

export const grantsEvents = {
  grant_created: {
    description: "Somebody was granted something on a workspace, a folder or a file.",
    data: z.object(ofGrant),
    example: { actor: client, data: viewed },
  },
  grant_ended: {
    description: "A grant has ended.",
    data: z.object({
      ...ofGrant,
      reason: z.enum(["revoked", "left", "expired", "purged", "handed_over"]).meta({
        description:
          "`revoked`: by somebody who may grant there, or with what gave it; `left`: its holder gave it up; `expired`: its time was over; `purged`: its workspace was purged from the trash; `handed_over`: its workspace has another owner, and it had no effect since.",
      }),
    }),
    example: { actor: client, data: { ...viewed, reason: "revoked" } },
  },
} satisfies Record<string, EventInfo>;
