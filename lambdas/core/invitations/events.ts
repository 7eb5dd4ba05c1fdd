/** What the events of invitations tell, with an example of each. */
import * as z from "zod";
import { at, id } from "#contract/common.ts";
import { client, type EventInfo, later, ULID } from "#contract/event-info.ts";
import { memberRole } from "#contract/roles.ts";

const invitation_id = id("inv");
const email = z.string().meta({ description: "The address that is invited." });
const role = memberRole.meta({ description: "What its person is to be." });
const example = { invitation_id: `inv_${ULID}`, email: "zoe@example.com", role: "guest" };

export const invitationsEvents = {
  invitation_created: {
    description: "Somebody was invited into the organization.",
    data: z.object({ invitation_id, email, role, expires_at: at("When it can be accepted no more") }),
    of: "organization",
    example: { actor: client, data: { ...example, expires_at: later } },
  },
  invitation_accepted: {
    description:
      "Who was invited has become a member; `member_joined` and `grant_created` tell of what it got.",
    data: z.object({ invitation_id, email, role, principal_id: id("usr") }),
    of: "organization",
    example: {
      actor: { type: "person", id: `usr_${ULID}` },
      data: { ...example, principal_id: `usr_${ULID}` },
    },
  },
  invitation_revoked: {
    description: "An invitation was revoked, by somebody or with the key or client that had made it.",
    data: z.object({ invitation_id, email, role }),
    of: "organization",
    example: { actor: client, data: example },
  },
} satisfies Record<string, EventInfo>;
