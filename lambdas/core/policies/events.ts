/** What the events of policies tell, with an example. */
import * as z from "zod";
import { idOf } from "#contract/common.ts";
import { client, type EventInfo, ULID } from "#contract/event-info.ts";
import { policyChange } from "./contract.ts";

export const policiesEvents = {
  policy_changed: {
    description: "A policy was set, of the organization or of one of its workspaces.",
    data: z.object({
      of: idOf("org", "ws").meta({ description: "Whose policy it is." }),
      version: z.int().meta({ description: "How often it has been set." }),
      changes: z.array(policyChange).meta({ description: "Each field that is another now." }),
    }),
    of: "organization",
    example: {
      actor: client,
      data: {
        ...{ of: `org_${ULID}`, version: 2 },
        changes: [{ rule: "links.max_ttl_seconds", from: null, to: 172_800 }],
      },
    },
  },
} satisfies Record<string, EventInfo>;
