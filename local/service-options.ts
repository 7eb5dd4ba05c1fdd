import type { Clock } from "./clock.ts";
import type { Room } from "./data/room.ts";

/** What every service that keeps something is made of. */
export interface ServiceOptions {
  clock: Clock;
  /** Directory for state, or `undefined` for memory (objects then go to a temporary directory removed on close). */
  dir: string | undefined;
  /** Room on the disk. @default endless */
  room?: Room;
}
