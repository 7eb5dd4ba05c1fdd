import * as z from "zod";
import { due, keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { ttl } from "#core/kernel/time.ts";

const KEEP_MS = 7 * 86_400_000;

/** At `at_ms` the sweep wakes deliveries that wait for this endpoint: all of them, or one that takes the probe. */
export const wakeUp = z.object({
  webhook_id: z.string(),
  at_ms: z.number(),
  all: z.boolean(),
  /** Where the last page of `all` ended. */
  after: z.string().optional(),
  woken: z.number(),
});
export type WakeUp = z.infer<typeof wakeUp>;

/**
 * Plans when somebody asks again at an endpoint whose deliveries have been put off. What was planned on what was found
 * out before is forgotten; nothing happens where the endpoint's state has led to another plan since.
 *
 * Each delivery asks by itself too, but the seldomer the longer it has waited: without this an endpoint that is well
 * again could go unnoticed for hours, and its backlog for hours more.
 *
 * @param judged the state's, as the write left it that this follows from.
 */
export async function planWakeUp(
  { table }: Pick<Deps, "table">,
  webhookId: string,
  { at, all, judged }: { at: number; all: boolean; judged: number },
): Promise<void> {
  const planned: WakeUp = { webhook_id: webhookId, at_ms: at, all, woken: 0 };
  // A later plan, or this one: the SDK sends a write again whose answer was lost.
  await happened(
    table.put({
      put: {
        ...keys.wakeUp(webhookId),
        ...due("wake_up", at, webhookId),
        ...planned,
        judged,
        ttl: ttl(at + KEEP_MS),
      },
      condition: "attribute_not_exists(#judged) OR #judged < :judged",
      values: { judged },
    }),
  );
}
