import type { Objects } from "#aws/objects.ts";
import type { Table } from "#aws/table.ts";

/**
 * What verbs need of the world, replaced in tests of rules. A room that needs more of it says so in a `deps.ts` of its
 * own; `lambdas/deps/` builds them from a function's environment.
 */
export interface Deps {
  table: Table;
  objects: Objects;
  config: Config;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What verbs of the table alone need. */
export type TableDeps = Pick<Deps, "table" | "now">;

/** What a sweep needs of what is due. */
export interface DueDeps extends TableDeps {
  /** False once the run should end; what is left is due in the next one too. @default always true */
  timeLeft?(): boolean;
  /** How long one item may take, in ms. @default 10,000 */
  itemMs?: number;
}

interface Config {
  /** Where clients reach the API, no trailing slash. */
  publicUrl: string;
  versionsKeep: number;
  versionsKeepDays: number;
  /** How long what was deleted stays in the trash. */
  trashDays: number;
  /** Uploads that one client may have open at the same time. */
  sessionsPerClient: number;
  /** Passwords that may be hashed at the same time. */
  hashPlaces: number;
  allowLoopbackHttp: boolean;
  contentMismatch: MismatchPolicy;
}

/** `refuse`, or else `flag`, where bytes are of another family than what their name or type promises. */
export type MismatchPolicy = "refuse" | "flag";
