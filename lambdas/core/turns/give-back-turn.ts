/** How a turn ends: each write demands that it still is one's own, so that it takes effect once. */
import type { Changes } from "#aws/changes.ts";
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { type HookRecord, type HookState, hookState } from "#core/attempts/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Turn } from "./claim-turn.ts";
import { sameEpoch } from "./endpoint-epoch.ts";

export type TakenTurn = Extract<Turn, { go: true }>;
/** The endpoint as an attempt took its URL from it. */
export type Attempted = Pick<HookRecord, "webhook_id"> & Partial<Pick<HookRecord, "epoch">>;

/** What a turn's end changes beside its slot, and what has to hold for it. */
export interface TurnEnd extends Changes {
  given?: string;
  values?: Item;
}

/**
 * Gives a turn back with what its attempt has shown, in one write; the state as it is then. `undefined` where the
 * endpoint is in another epoch or gone, the turn is over, or `given` doesn't hold.
 */
export async function giveBackTurn(
  { table }: Pick<Deps, "table">,
  { webhook_id, epoch }: Attempted,
  { slot: { name, mark, freed } }: TakenTurn,
  { given, values, ...changes }: TurnEnd,
): Promise<HookState | undefined> {
  try {
    const item = await table.update({
      key: keys.hookState(webhook_id),
      update: { ...changes, set: { [name]: freed, ...changes.set } },
      condition: `#${name} = :mark AND ${sameEpoch(epoch)}${given === undefined ? "" : ` AND ${given}`}`,
      values: { ...values, mark, epoch },
      repeats: "the slot is given back then",
    });
    return hookState.parse(item);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // The SDK sends a write again whose answer was lost, and then meets what it left.
    return error.item?.[name] === freed ? hookState.parse(error.item) : undefined;
  }
}

/**
 * Gives back a turn that counts for nothing: the message was a duplicate, or the endpoint has another URL by now. One
 * that isn't given back ends by itself.
 */
export async function returnTurn(
  deps: Pick<Deps, "table">,
  webhookId: string,
  { slot, probe }: TakenTurn,
): Promise<void> {
  // In a new epoch there is no probe any more.
  const ended = probe && (await free(deps, webhookId, slot, { andProbe: true }));
  if (!ended) await free(deps, webhookId, slot, { andProbe: false });
}

async function free(
  { table }: Pick<Deps, "table">,
  webhookId: string,
  { name, until, mark, freed }: TakenTurn["slot"],
  { andProbe }: { andProbe: boolean },
): Promise<boolean> {
  try {
    await table.update({
      key: keys.hookState(webhookId),
      update: { set: { [name]: freed }, remove: andProbe ? ["probe_until_ms"] : [] },
      condition: `#${name} = :mark${andProbe ? " AND #probe_until_ms = :until" : ""}`,
      values: { mark, until: andProbe ? until : undefined },
    });
    return true;
  } catch {
    return false;
  }
}
