/** Types of events, and the log of a workspace. */
import * as z from "zod";
import { cursor, distinct, id, page, wholeNumber, workspaceRef } from "#contract/common.ts";
import { event, eventType, eventTypes } from "#contract/events.ts";
import { defineRoute } from "#contract/route.ts";

/** Seconds that a request for events may wait. */
const MAX_FEED_WAIT_SECONDS = 20;

const tag = "Webhooks";

export const eventTypeList = z.object({
  items: z
    .array(
      z
        .object({
          type: eventType.meta({ description: "What subscriptions name it." }),
          description: z.string().meta({ description: "When it is emitted." }),
          schema: z
            .record(z.string(), z.unknown())
            .meta({ description: "JSON Schema 2020-12 of the whole body." }),
          example: event.meta({ description: "A body as it is delivered." }),
        })
        .meta({ id: "EventTypeInfo" }),
    )
    .meta({ description: "Every type that this version knows." }),
});

export const eventTypesRoute = defineRoute({
  id: "listEventTypes",
  method: "GET",
  path: "/v1/webhooks/event-types",
  summary: "Event types with JSON Schemas of their bodies and examples",
  tag,
  access: { own: "the same for everybody" },
  scopes: ["webhooks:read"],
  responses: {
    200: {
      description: "Every type",
      schema: eventTypeList,
    },
  },
  errors: [],
});

export const eventLog = z.object({
  items: z.array(event).meta({ description: "In the workspace's order; none where nothing came in time." }),
  next_cursor: z.string().meta({ description: "For `after`; never null: ask with it again." }),
});

export const listEventsRoute = defineRoute({
  id: "listEvents",
  method: "GET",
  path: "/v1/events",
  summary: "Read a workspace's events in order, waiting for the next ones",
  description:
    "For receivers without a public address. Every reader sees the same events in the same order, without gaps. Ask again with `after` set to the answer's `next_cursor`; keep that cursor where the work is kept. Events stay for 90 days. So many readers can wait at once, of one client half of what others leave: the next is 429 `wait_limit`, but one that finds events, or doesn't wait, is answered.",
  tag: "Events",
  access: { action: "list", decides: "each event is decided by where its file is" },
  scopes: ["webhooks:read", "files:read"],
  query: {
    workspace: workspaceRef
      .optional()
      .meta({ description: "Id or name of the workspace; the client's own unless said." }),
    organization: id("org").optional().meta({
      description:
        "In the place of a workspace: what is about an organization itself: its members, with `members:read`, and its keys and secrets, with `clients:read`. For its owners and admins.",
    }),
    after: cursor.optional().meta({
      description: "A cursor; `latest` to begin with what happens next. Without it: the oldest events.",
    }),
    wait: wholeNumber("seconds", { min: 0, max: MAX_FEED_WAIT_SECONDS })
      .default(0)
      .meta({ description: "Seconds to wait for an event where there is none. HEAD never waits." }),
    type: z
      .string()
      .max(1_000)
      .transform((types) => types.split(","))
      .pipe(distinct(eventType, { min: 1, max: 50 }))
      .optional()
      .meta({
        // A list, as OpenAPI writes one with commas.
        ...{ type: "array", items: { type: "string", enum: eventTypes }, maxLength: undefined },
        ...{ minItems: 1, maxItems: 50, uniqueItems: true },
        description: "Event types, comma-separated: `upload_completed,file_deleted`. All unless said.",
      }),
    folder: id("fld").optional().meta({ description: "Only events of files in or below this folder." }),
    limit: page.query.limit,
  },
  responses: {
    200: {
      description: "Events, possibly none",
      schema: eventLog,
    },
  },
  errors: ["invalid_cursor", "not_found", "workspace_ambiguous", "wait_limit"],
});
