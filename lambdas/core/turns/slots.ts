/**
 * What is under way to an endpoint: each request holds one of its slots, by a mark of until when, and whose it is.
 *
 * Who gives a slot back leaves a mark there that nobody else has. So a slot is never twice the same, and a write that
 * demands what it found there takes effect once, however often it is sent and however late a copy of it comes.
 */
import { randomBytes } from "node:crypto";
import type { HookState } from "#core/attempts/records.ts";

/** A slot whose worker died is free again after this: longer than an attempt can take. */
const SLOT_MS = 30_000;

/** A slot that is one's own. */
export interface Slot {
  name: string;
  /** When it ends by itself (ms). */
  until: number;
  /** What stands there while it is. */
  mark: string;
  /** What one leaves there. */
  freed: string;
}

/** One's mark for a slot: whether it has become one's own, the write says. */
export function markOf(name: string, now: number): Slot {
  const id = randomBytes(6).toString("base64url");
  const until = now + SLOT_MS;
  return { name, until, mark: `${until}.${id}`, freed: `0.${id}` };
}

/** Until when something is under way in a slot (ms). Earlier versions wrote a number there. */
export function takenUntil(state: HookState, name: string): number {
  const stands = state[name];
  return typeof stands === "string" ? Number.parseInt(stands, 10) : typeof stands === "number" ? stands : 0;
}

/** Whether a slot is somebody's at `now` (ms). */
export function isTaken(state: HookState, name: string, now: number): boolean {
  return takenUntil(state, name) > now;
}

/** Holds while a slot is as it was read (`:stood`, `state[name]`). */
export function asRead(state: HookState, name: string): string {
  return state[name] === undefined ? `attribute_not_exists(#${name})` : `#${name} = :stood`;
}
