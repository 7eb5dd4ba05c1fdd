/** Shapes of what the table stores of events and the log of a workspace, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";

/** An event of the outbox, as far as delivery reads it. */
export const eventRecord = z.object({
  event_id: z.string(),
  type: z.string(),
  workspace_id: z.string(),
  request_id: z.string(),
  body: z.string(),
  /** Its place in the log of its workspace, once it has one. */
  seq: z.number().optional(),
});
export type EventRecord = z.infer<typeof eventRecord>;

export const feedHead = z.object({ seq: z.number() });

export const feedEntry = z.object({
  seq: z.number(),
  event_id: z.string(),
  type: z.string(),
  at_ms: z.number(),
});
