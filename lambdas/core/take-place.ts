import { randomBytes } from "node:crypto";
import { type Key, keys, type PlaceKind } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { ConditionFailed, type Item, type Table } from "#aws/table.ts";
import type { Deps } from "./deps.ts";

/** What a place is taken of: so many there are for `name`, letters, digits and `_`. */
export interface Room {
  name: string;
  max: number;
}

export type Taken = { giveBack: () => Promise<void> } | { full: Room };

/** Lambda: an API's function lives for 29 s; what is held for longer has nobody any more. */
const LIFE_MS = 30_000;
/** What is full is refused without a look for this long: a flood of refusals would be everyone's hot item. */
const KNOWN_FULL_MS = 500;
/** Tries: one finds the places of the dead, the next takes one unless another was faster. */
const ROUNDS = 3;

/** Until when (ms) a room is known to be full. */
const full = new WeakMap<Table, Map<string, number>>();

/**
 * Takes a place of a kind in all of these rooms, such as everybody's and its client's, or in none.
 *
 * One conditional write: each room is a set, of which a place is a member by when it ends. Whoever dies gives its place
 * back by time: who finds none removes those that have ended, and tries again. Both writes do nothing where they are
 * sent twice.
 *
 * @returns what gives it back; or the first of the rooms that is full.
 */
export async function takePlace(
  { table, now }: Pick<Deps, "table" | "now">,
  kind: PlaceKind,
  rooms: readonly Room[],
): Promise<Taken> {
  const known = full.get(table) ?? new Map<string, number>();
  full.set(table, known);
  const nameOf = ({ name }: Room) => `${kind} ${name}`;
  const before = rooms.find((room) => (known.get(nameOf(room)) ?? 0) > now());
  if (before !== undefined) return { full: before };

  const key = keys.places(kind);
  const place = new Set([`${now() + LIFE_MS}#${randomBytes(9).toString("base64url")}`]);
  const sets = rooms.map(({ name }) => `#${name} :place`).join(", ");
  const giveBack = async () => {
    for (const room of rooms) known.delete(nameOf(room));
    try {
      await table.update({ key, update: `DELETE ${sets}`, values: { place } });
    } catch (error) {
      // It comes back by time, and the answer is worth more.
      say("warn", "a place could not be given back", { kind, error: describe(error) });
    }
  };
  for (let round = 1; ; round++) {
    try {
      await table.update({
        key,
        update: `ADD ${sets}`,
        condition: rooms
          .map(({ name }, index) => `(attribute_not_exists(#${name}) OR size(#${name}) < :max_${index})`)
          .join(" AND "),
        values: { place, ...Object.fromEntries(rooms.map(({ max }, index) => [`max_${index}`, max])) },
      });
      return { giveBack };
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const taken = error.item ?? {};
      // An earlier sending of the same write took the place, and its answer was lost.
      if (rooms.some(({ name }) => placesIn(taken[name]).some((one) => place.has(one)))) return { giveBack };
      if (round < ROUNDS && (await removeDead({ table, now }, key, taken))) continue;
      const found = rooms.find(({ name, max }) => placesIn(taken[name]).length >= max);
      if (found === undefined) throw error;
      known.set(nameOf(found), now() + KNOWN_FULL_MS);
      return { full: found };
    }
  }
}

/**
 * Does `work` in a place, and gives that back however it ends.
 *
 * @throws what `refusal` makes of the room that is full, before anything was done.
 */
export async function inPlace<T>(
  deps: Pick<Deps, "table" | "now">,
  kind: PlaceKind,
  rooms: readonly Room[],
  { refusal, work }: { refusal: (full: Room) => Error; work: () => Promise<T> },
): Promise<T> {
  const taken = await takePlace(deps, kind, rooms);
  if ("full" in taken) throw refusal(taken.full);
  try {
    return await work();
  } finally {
    await taken.giveBack();
  }
}

/** One client's part of so many places: half, so that twenty agents of one client can wait, and nobody takes all. */
export function shareOf(places: number): number {
  return Math.ceil(places / 2);
}

/** Removes the places that have ended; false where there are none. A place never comes again, so it needs no condition. */
async function removeDead(
  { table, now }: Pick<Deps, "table" | "now">,
  key: Key,
  taken: Item,
): Promise<boolean> {
  const dead = Object.entries(taken)
    .map(([name, places]): [string, string[]] => [
      name,
      placesIn(places).filter((place) => Number.parseInt(place, 10) <= now()),
    ])
    .filter(([, places]) => places.length > 0);
  if (dead.length === 0) return false;
  await table.update({
    key,
    update: `DELETE ${dead.map(([name]) => `#${name} :${name}`).join(", ")}`,
    values: Object.fromEntries(dead.map(([name, places]) => [name, new Set(places)])),
  });
  return true;
}

function placesIn(value: unknown): string[] {
  return value instanceof Set ? [...value] : [];
}
