import type { HookRecord } from "#core/attempts/records.ts";
import { type EventRecord, eventRecord } from "#core/events/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import { eventWrite } from "#core/kernel/outbox.ts";

/** An event that concerns one endpoint alone: it goes into no outbox and no log. */
export function endpointEvent(
  now: number,
  call: Call,
  type: "ping" | "webhook_test",
  { webhook_id, workspace_id }: Pick<HookRecord, "webhook_id" | "workspace_id">,
): EventRecord {
  const { put } = eventWrite(now, {
    type,
    request_id: call.requestId,
    workspace_id,
    actor: actorOf(call.caller),
    data: { webhook_id },
  });
  return eventRecord.parse(put);
}
