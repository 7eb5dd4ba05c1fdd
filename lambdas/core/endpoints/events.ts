/** What the events of endpoints tell, with an example of each. */
import * as z from "zod";
import { at, id } from "#contract/common.ts";
import { client, type EventInfo, moment, system, ULID } from "#contract/event-info.ts";
import { disabledReason } from "./contract.ts";

const webhook_id = `hook_${ULID}`;

export const endpointsEvents = {
  webhook_failing: {
    description: "An endpoint has had no success for 24 or 72 hours; after 120 it is disabled.",
    data: z.object({
      webhook_id: id("hook"),
      failing_since: at("Its first failure since the last success"),
      failures: z.int().meta({ description: "Attempts that failed since then." }),
      warning_hours: z.int().meta({ description: "Which warning this is: that of 24 or of 72 hours." }),
      disabled_at_earliest: at("When it is disabled unless it succeeds before"),
    }),
    example: {
      actor: system,
      data: {
        webhook_id,
        failing_since: moment,
        failures: 12,
        warning_hours: 24,
        disabled_at_earliest: "2026-01-06T00:00:00.000Z",
      },
    },
  },
  webhook_disabled: {
    description: "An endpoint gets no more deliveries. What it misses can be recovered for 7 days.",
    data: z.object({
      webhook_id: id("hook"),
      reason: disabledReason.meta({ description: "Why: see `disabled_reason` of the endpoint." }),
    }),
    example: { actor: { type: "system", id: "delivery" }, data: { webhook_id, reason: "gone" } },
  },
  webhook_test: {
    description: "Sent to one endpoint to try it: by its owner, or before it is enabled.",
    data: z.object({ webhook_id: id("hook") }),
    example: { actor: client, data: { webhook_id } },
  },
  ping: {
    description:
      "Sent to an endpoint's URL at once, whatever it subscribes to: one that answers with 2xx is verified.",
    data: z.object({ webhook_id: id("hook") }),
    example: { actor: client, data: { webhook_id } },
  },
} satisfies Record<string, EventInfo>;
