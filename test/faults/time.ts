/**
 * The one clock of a case: AWS's services, SDKs and verbs all read `Date`, which stands still until a case moves it.
 * Timers go on by the machine's clock, so that nothing waits for what nobody moves.
 */
import { mock } from "node:test";
import { seeded } from "./random.ts";

/** Far from the machine's time, so that nothing is right by chance. */
const START = Date.UTC(2031, 0, 1);

/** Sets `Date` to where each case begins, and chance to what a seed says. Both belong to the whole process. */
export function startTime(seed: number): void {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date"], now: START });
  Math.random = seeded(seed);
}

/** Moves it on by `ms`. */
export function passTime(ms: number): void {
  mock.timers.setTime(Date.now() + ms);
}

/** Whether an item has outlived its `ttl`: DynamoDB removes it when it comes to it. */
export const isGone = (item: Record<string, unknown>) => Number(item["ttl"] ?? Infinity) * 1000 < Date.now();

/** How long the case has lasted (ms). */
export const lasted = () => Date.now() - START;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
