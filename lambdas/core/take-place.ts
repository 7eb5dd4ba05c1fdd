import { randomBytes } from "node:crypto";
import { keys, type Waiting } from "#aws/keys.ts";
import { ConditionFailed, type Item, type Table } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";

/** What waiting needs: how many calls of a kind may wait at the same time, 0 where none may. */
export interface PlaceDeps extends Pick<Deps, "table" | "now"> {
  waitPlaces: number;
}

/** Lambda: a waiter's function lives for 29 s; what is held for longer has nobody any more. */
const LIFE_MS = 30_000;
/** What is full is refused without a look for this long: a flood of refusals would be everyone's hot item. */
const KNOWN_FULL_MS = 1_000;
const RETRY_SECONDS = 5;
/** Tries: one finds the places of the dead, the next takes one unless another was faster. */
const ROUNDS = 3;

/** One client's part of the places: half, so that twenty agents of one client can wait, and nobody takes all. */
export function shareOf(waitPlaces: number): number {
  return Math.ceil(waitPlaces / 2);
}

/** Until when which client is known to be refused. */
const full = new WeakMap<Table, Map<string, { until: number; error: WharfError }>>();

/**
 * Takes one of the places in which calls may wait.
 *
 * One conditional write: a set of all places that are taken, and one of each client's, of which a place is a member by
 * when it ends. Whoever dies gives its place back by time: who finds no place removes those that have ended, and tries
 * again. Both writes do nothing where they are sent twice.
 *
 * @returns what gives it back.
 * @throws WharfError wait_limit where the client's share, or all places, are taken.
 */
export async function takePlace(
  { table, now, waitPlaces }: PlaceDeps,
  kind: Waiting,
  clientId: string,
): Promise<() => Promise<void>> {
  const key = keys.waits(kind);
  const known = full.get(table) ?? new Map();
  full.set(table, known);
  const before = known.get(`${kind} ${clientId}`);
  if (before !== undefined && before.until > now()) throw before.error;
  const place = new Set([`${now() + LIFE_MS}#${randomBytes(9).toString("base64url")}`]);
  const giveBack = async () => {
    known.delete(`${kind} ${clientId}`);
    await table.update({ key, update: `DELETE #all :place, #${clientId} :place`, values: { place } });
  };
  const share = shareOf(waitPlaces);
  for (let round = 1; ; round++) {
    try {
      await table.update({
        key,
        update: `ADD #all :place, #${clientId} :place`,
        condition: `(attribute_not_exists(#all) OR size(#all) < :places) AND (attribute_not_exists(#${clientId}) OR size(#${clientId}) < :share)`,
        values: { place, places: waitPlaces, share },
      });
      known.delete(`${kind} ${clientId}`);
      return giveBack;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const taken = error.item ?? {};
      // An earlier sending of the same write whose answer was lost.
      if (placesIn(taken["all"]).some((one) => place.has(one))) return giveBack;
      if (round < ROUNDS && (await removeDead({ table, now }, kind, taken))) continue;
      const refused = waitLimit(placesIn(taken[clientId]).length, { share, waitPlaces });
      known.set(`${kind} ${clientId}`, { until: now() + KNOWN_FULL_MS, error: refused });
      throw refused;
    }
  }
}

/** Removes the places that have ended; false where there are none. A place never comes again, so it needs no condition. */
async function removeDead({ table, now }: Pick<Deps, "table" | "now">, kind: Waiting, taken: Item) {
  const dead = Object.entries(taken)
    .map(([name, places]): [string, string[]] => [
      name,
      placesIn(places).filter((place) => Number.parseInt(place, 10) <= now()),
    ])
    .filter(([, places]) => places.length > 0);
  if (dead.length === 0) return false;
  await table.update({
    key: keys.waits(kind),
    update: `DELETE ${dead.map(([name]) => `#${name} :${name}`).join(", ")}`,
    values: Object.fromEntries(dead.map(([name, places]) => [name, new Set(places)])),
  });
  return true;
}

function placesIn(value: unknown): string[] {
  return value instanceof Set ? [...value] : [];
}

function waitLimit(own: number, { share, waitPlaces }: { share: number; waitPlaces: number }): WharfError {
  const [waiting, max, whose] =
    own >= share
      ? [own, share, `of this client wait already, which is its share of the ${waitPlaces} that may`]
      : [waitPlaces, waitPlaces, "wait already, which is all that may"];
  return new WharfError(
    "wait_limit",
    `${waiting} calls ${whose}. Try again in ${RETRY_SECONDS} s, or ask without waiting.`,
    { waiting, max, retry_after_seconds: RETRY_SECONDS },
  );
}
