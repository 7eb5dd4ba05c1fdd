import { ulid } from "ulid";
import type { Objects } from "#aws/objects.ts";
import type { Table } from "#aws/table.ts";
import type { Prefix } from "#contract/common.ts";
import type { MismatchPolicy } from "./judge-content.ts";

/** What verbs need of the world; built once per execution environment, replaced in tests of rules. */
export interface Deps {
  table: Table;
  objects: Objects;
  config: Config;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface Config {
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

/** A new id: prefix, `_`, ULID of this moment. */
export function newId(prefix: Prefix, now: number): string {
  return `${prefix}_${ulid(now)}`;
}

/** ISO 8601 UTC with milliseconds, as the contract's times are. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** DynamoDB's TTL attribute: whole seconds. Garbage collection only; expiry is compared in conditions. */
export function ttl(ms: number): number {
  return Math.ceil(ms / 1000);
}
