import { ulid } from "ulid";
import type { Prefix } from "#contract/common.ts";

/** A new id: prefix, `_`, ULID of this moment. */
export function newId(prefix: Prefix, now: number): string {
  return `${prefix}_${ulid(now)}`;
}
