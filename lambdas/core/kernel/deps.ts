import type { Objects } from "#aws/objects.ts";
import type { Table } from "#aws/table.ts";

/** What verbs need of the world; built once per execution environment, replaced in tests of rules. */
export interface Deps {
  table: Table;
  objects: Objects;
  config: Config;
  /** Milliseconds since the epoch. */
  now(): number;
}

interface Config {
  /** Where clients reach the API, no trailing slash. */
  publicUrl: string;
  versionsKeep: number;
  versionsKeepDays: number;
  /** Uploads that one client may have open at the same time. */
  sessionsPerClient: number;
  /** Passwords that may be hashed at the same time. */
  hashPlaces: number;
  allowLoopbackHttp: boolean;
  contentMismatch: MismatchPolicy;
}

/** `refuse`, or else `flag`, where bytes are of another family than what their name or type promises. */
export type MismatchPolicy = "refuse" | "flag";
