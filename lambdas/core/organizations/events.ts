/** What the events of organizations tell, with an example of each. */
import * as z from "zod";
import { principal } from "#contract/common.ts";
import { client, type EventInfo, ULID } from "#contract/event-info.ts";
import { memberRole } from "#contract/roles.ts";

const principal_id = `usr_${ULID}`;

export const organizationsEvents = {
  member_joined: {
    description: "Somebody has become a member of the organization.",
    data: z.object({ principal_id: principal, role: memberRole }),
    of: "organization",
    example: { actor: client, data: { principal_id, role: "member" } },
  },
  member_changed: {
    description: "A member has another role.",
    data: z.object({
      principal_id: principal,
      role: memberRole,
      from: memberRole.meta({ description: "The role that it had." }),
    }),
    of: "organization",
    example: { actor: client, data: { principal_id, role: "admin", from: "member" } },
  },
  member_left: {
    description: "Somebody is no member of the organization any more: it left, or was removed.",
    data: z.object({
      principal_id: principal,
      role: memberRole.meta({ description: "The role that it had." }),
    }),
    of: "organization",
    example: { actor: client, data: { principal_id, role: "member" } },
  },
} satisfies Record<string, EventInfo>;
