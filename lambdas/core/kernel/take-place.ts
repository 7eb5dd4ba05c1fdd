import { randomBytes } from "node:crypto";
import { type Key, keys, type PlaceKind } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { ConditionFailed, type Item, type Table } from "#aws/table.ts";
import type { TableDeps } from "./deps.ts";

/** What a place is taken of, under a name of letters, digits and `_`: so many there are, or a share of others. */
export type Room = { name: string; max: number } | RoomShare;

/** One's part of a room: half of what the others leave of it, so that whoever comes next finds one too. */
export interface RoomShare {
  name: string;
  of: Room;
  /** So many whatever the others leave. @default 0 */
  least?: number;
}

/** A room of which no more is to be had: there are `max`, or so many is the share of who asks as things stand. */
export type Full = { name: string; max: number };

export type PlaceTaken = { giveBack: () => Promise<void> } | { full: Full };

/** Lambda: an API's function lives for 29 s; what is held for longer has nobody any more. */
const LIFE_MS = 30_000;
/** What is full is refused without a look for this long: a flood of refusals would be everyone's hot item. */
const KNOWN_FULL_MS = 500;
const ONCE = "a place is taken once, and its name never comes again";
/** Tries: one finds the places of the dead, the next takes one unless another was faster. */
const ROUNDS = 3;
/** DynamoDB: 300 operators and functions in an expression; a step of a share has six, and a call may have two shares. */
const MAX_STEPS = 20;

/** Until when (ms) a room is known to be full, and of how many. */
type Known = { until: number; max: number };
const full = new WeakMap<Table, Map<string, Known>>();

/**
 * Takes a place of a kind in all of these rooms, such as everybody's and its client's, or in none.
 *
 * One conditional write: each room is a set, of which a place is a member by when it ends. A share is full where one
 * more would be more than half of what the others leave, rounded up. Whoever dies gives its place back by time: who
 * finds none removes those that have ended, and tries again. Both writes do nothing where they are sent twice.
 *
 * @returns what gives it back; or the first of the rooms that is full.
 */
export async function takePlace(
  { table, now }: TableDeps,
  kind: PlaceKind,
  rooms: readonly Room[],
): Promise<PlaceTaken> {
  const known: Map<string, Known> = full.get(table) ?? new Map();
  full.set(table, known);
  const nameOf = ({ name }: Room) => `${kind} ${name}`;
  for (const room of rooms) {
    const before = known.get(nameOf(room));
    if (before !== undefined && before.until > now()) return { full: { name: room.name, max: before.max } };
  }

  const key = keys.places(kind);
  const place = new Set([`${now() + LIFE_MS}#${randomBytes(9).toString("base64url")}`]);
  const everywhere = Object.fromEntries(rooms.map(({ name }) => [name, place]));
  const giveBack = async () => {
    for (const room of rooms) known.delete(nameOf(room));
    try {
      await table.update({ key, update: { delete: everywhere }, blind: ONCE });
    } catch (error) {
      // It comes back by time, and the answer is worth more.
      say("warn", "a place could not be given back", { kind, error: describe(error) });
    }
  };
  const conditions = rooms.map(hasRoom);
  const condition = conditions.map(({ text }) => `(${text})`).join(" AND ");
  const values = Object.assign({}, ...conditions.map(({ values }) => values));
  for (let round = 1; ; round++) {
    try {
      await table.update({ key, update: { add: everywhere }, condition, values, repeats: ONCE });
      return { giveBack };
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const taken = error.item ?? {};
      // An earlier sending of the same write took the place, and its answer was lost.
      if (rooms.some(({ name }) => placesIn(taken[name]).some((one) => place.has(one)))) return { giveBack };
      if (round < ROUNDS && (await removeDead({ table, now }, key, taken))) continue;
      const found = rooms.find((room) => isFull(room, taken));
      if (found === undefined) throw error;
      const { name } = found;
      const max = "max" in found ? found.max : placesIn(taken[name]).length;
      known.set(nameOf(found), { until: now() + KNOWN_FULL_MS, max });
      return { full: { name, max } };
    }
  }
}

/**
 * Does `work` in a place, and gives that back however it ends.
 *
 * @throws what `refusal` makes of the room that is full, before anything was done.
 */
export async function inPlace<T>(
  deps: TableDeps,
  kind: PlaceKind,
  rooms: readonly Room[],
  { refusal, work }: { refusal: (full: Full) => Error; work: () => Promise<T> },
): Promise<T> {
  const taken = await takePlace(deps, kind, rooms);
  if ("full" in taken) throw refusal(taken.full);
  try {
    return await work();
  } finally {
    await taken.giveBack();
  }
}

/** Somebody's share of so many places, and all of these. */
export function sharedRooms(name: string, places: number): [share: RoomShare, all: Room] {
  const all = { name: "all", max: places };
  return [{ name, of: all }, all];
}

/** How many there are, or one alone may have. */
export function mostOf(room: Room): number {
  return "max" in room ? room.max : Math.ceil(mostOf(room.of) / 2);
}

/**
 * What a share may be, as no expression can add two sizes: who has `own` at most gets one more where `all` that are
 * taken are fewer. Own and all together stay below `most` so, by some steps less where there are very many.
 */
function stepsOf(most: number): { own: number; all: number }[] {
  const last = Math.ceil(most / 2) - 1;
  const step = Math.ceil(last / MAX_STEPS);
  const owns = Array.from({ length: Math.min(last, MAX_STEPS) }, (_, index) =>
    Math.min(last, (index + 1) * step),
  );
  return [...new Set(owns)].map((own) => ({ own, all: most - own }));
}

/** The condition under which a room has one more place. */
function hasRoom(room: Room, index: number): { text: string; values: Record<string, number> } {
  const empty = `attribute_not_exists(#${room.name})`;
  const size = `size(#${room.name})`;
  if ("max" in room)
    return { text: `${empty} OR ${size} < :max_${index}`, values: { [`max_${index}`]: room.max } };
  const steps = stepsOf(mostOf(room.of));
  const texts = steps.map(
    (_, step) => `${size} <= :own_${index}_${step} AND size(#${room.of.name}) < :all_${index}_${step}`,
  );
  const values = steps.flatMap(({ own, all }, step) => [
    [`own_${index}_${step}`, own] as const,
    [`all_${index}_${step}`, all] as const,
  ]);
  return {
    text: [empty, `${size} < :least_${index}`, ...texts].join(" OR "),
    values: { ...Object.fromEntries(values), [`least_${index}`]: room.least ?? 0 },
  };
}

/** The same of what was found. */
function isFull(room: Room, taken: Item): boolean {
  const sizeOf = ({ name }: Room) => placesIn(taken[name]).length;
  const own = sizeOf(room);
  if ("max" in room) return own >= room.max;
  if (own < Math.max(room.least ?? 0, 1)) return false;
  return !stepsOf(mostOf(room.of)).some((step) => own <= step.own && sizeOf(room.of) < step.all);
}

/** Removes the places that have ended; false where there are none. */
async function removeDead({ table, now }: TableDeps, key: Key, taken: Item): Promise<boolean> {
  const dead = Object.entries(taken)
    .map(([name, places]): [string, string[]] => [
      name,
      placesIn(places).filter((place) => Number.parseInt(place, 10) <= now()),
    ])
    .filter(([, places]) => places.length > 0);
  if (dead.length === 0) return false;
  await table.update({
    key,
    update: { delete: Object.fromEntries(dead.map(([name, places]) => [name, new Set(places)])) },
    blind: ONCE,
  });
  return true;
}

function placesIn(value: unknown): string[] {
  return value instanceof Set ? [...value] : [];
}
