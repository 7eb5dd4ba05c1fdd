/**
 * What becomes of what the sweep fails at: it is due again later and later, and is put aside after some failures.
 *
 * How often that was stands in the index's own sort key, so that it is forgotten with whatever makes the thing due anew.
 */
import { asideShard, type DueKind, due, keyOf } from "#aws/keys.ts";
import { say } from "#aws/log.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { TableDeps } from "./deps.ts";
import { iso } from "./time.ts";

type AsideDeps = TableDeps;

const MINUTE = 60_000;
/** Failures after which a thing is put aside: some 15 minutes of them. */
export const MAX_FAILURES = 5;
/** What is put aside is tried this often: what it failed for may be over. */
const ASIDE_MS = 15 * MINUTE;
/** Minutes until the next try, by failures. */
const BACK_OFF = [1, 1, 1, 3];
const LAST_BACK_OFF = 4;
/** After the first, so much later at most, by chance: of what one run was ended with, not all is due in one again. */
const JITTER_MS = 2 * MINUTE;

/** What the index says of a thing: when it is due, how often it has failed, and whether it is put aside. */
export function dueOf(
  kind: DueKind,
  item: Item,
): { at: number; id: string; failures: number; aside: boolean } {
  const [time = "", id = "", failures = "0"] = String(item["due_sk"]).split("#");
  const aside = item["due_pk"] === asideShard(kind);
  return { at: Date.parse(time), id, failures: Number(failures), aside };
}

/**
 * Makes a thing due later, as one that has failed `failures` times, and puts it aside where that is too often. Returns
 * it as the index has it then; `undefined` where something else has become of it meanwhile.
 */
export async function dueAfterFailure(
  deps: AsideDeps,
  kind: DueKind,
  item: Item,
  failures: number,
): Promise<Item | undefined> {
  const now = deps.now() + (failures > 1 ? Math.random() * JITTER_MS : 0);
  const { id, aside } = dueOf(kind, item);
  const later = now + (BACK_OFF[failures] ?? LAST_BACK_OFF) * MINUTE;
  const next =
    aside || failures > MAX_FAILURES
      ? { due_pk: asideShard(kind), due_sk: `${iso(now + ASIDE_MS)}#${id}#${failures}` }
      : { ...due(kind, later, id), due_sk: `${iso(later)}#${id}#${failures}` };
  const moved = await move(deps, item, next);
  if (moved && failures > MAX_FAILURES && !aside)
    say("error", "what the sweep failed at again and again is put aside", { kind, ...keyOf(item), failures });
  return moved ? { ...item, ...next } : undefined;
}

/** Takes back that a thing was made due later, where it went well and is due still. */
export async function dueAsBefore(
  deps: AsideDeps,
  kind: DueKind,
  { claimed, before }: { claimed: Item; before: Item },
): Promise<void> {
  const { at, id } = dueOf(kind, before);
  await move(deps, claimed, due(kind, at, id));
}

async function move(
  { table }: AsideDeps,
  item: Item,
  next: { due_pk: string; due_sk: string },
): Promise<boolean> {
  try {
    await table.update({
      key: keyOf(item),
      update: { set: next },
      condition: "#due_sk = :seen",
      values: { seen: item["due_sk"] },
    });
    return true;
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // Where the answer was lost, the SDK sends it again, and it meets itself.
    return error.item?.["due_sk"] === next.due_sk && error.item["due_pk"] === next.due_pk;
  }
}
