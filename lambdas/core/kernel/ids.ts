import { ulid } from "ulid";
import { id, type Prefix } from "#contract/common.ts";

/** A new id: prefix, `_`, ULID of this moment. */
export function newId(prefix: Prefix, now: number): string {
  return `${prefix}_${ulid(now)}`;
}

/** Tells ids with this prefix from other texts, as a cursor of a list of them may hold. */
export function isIdOf(prefix: Prefix): (text: string) => boolean {
  const schema = id(prefix);
  return (text) => schema.safeParse(text).success;
}
