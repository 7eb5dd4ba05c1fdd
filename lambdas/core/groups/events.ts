/** What the events of groups tell, with an example of each. */
import * as z from "zod";
import { id, principal } from "#contract/common.ts";
import { client, type EventInfo, ULID } from "#contract/event-info.ts";

const data = z.object({ group_id: id("grp"), principal_id: principal });
const example = { actor: client, data: { group_id: `grp_${ULID}`, principal_id: `usr_${ULID}` } };

export const groupsEvents = {
  group_joined: {
    description: "Somebody has been put into a group, and may do what was granted to it.",
    data,
    of: "organization",
    example,
  },
  group_left: {
    description:
      "Somebody was taken out of a group, or the group was deleted. Who leaves the organization leaves its groups by `member_left` alone.",
    data,
    of: "organization",
    example,
  },
} satisfies Record<string, EventInfo>;
