/** Callers that stand still for a while, for tests. */
import type { Clock } from "./clock.ts";
import type { Pause } from "./faults.ts";
import { AwsError } from "./types.ts";

export interface FrozenCallers {
  /** Has a caller stand still, and resolves when it goes on. @throws AwsError once all has ended */
  freeze(pause: Pause, environment: string | undefined): Promise<void>;
  /** Resolves at once unless this Lambda environment stands still. */
  goesOn(environment: string | undefined): Promise<void>;
  /** Lets none go on. */
  close(): void;
}

/** None stands still at first. */
export function createFrozenCallers(clock: Clock): FrozenCallers {
  const frozen = new Map<string, Promise<void>>();
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});

  return {
    async freeze(pause, environment) {
      const over = Promise.race([passed(pause, clock), closed.promise]);
      if (environment === undefined) return over;
      frozen.set(environment, over);
      await over;
      if (frozen.get(environment) === over) frozen.delete(environment);
    },
    async goesOn(environment = "") {
      for (let over = frozen.get(environment); over; over = frozen.get(environment)) await over;
    },
    close: () => closed.reject(new AwsError("ServiceUnavailable", "The local cloud has ended.", 503)),
  };
}

/** Resolves when a pause is over, however it ends. */
export async function passed(pause: Pause, clock: Clock): Promise<void> {
  if (typeof pause === "number") {
    await new Promise<void>((resolve) => void clock.at(clock.now() + pause, resolve));
  } else await pause.catch(() => {});
}
