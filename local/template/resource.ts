/** What a provisioner gets and gives. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { PolicyDocument } from "../iam/policy.ts";
import type { Provisioned } from "./intrinsics.ts";

/** One resource of a template, its properties resolved. */
export interface Resource {
  logicalId: string;
  type: string;
  stackName: string;
  properties: Record<string, unknown>;
  /** Directory or file of each asset, by its S3 key. */
  assets: ReadonlyMap<string, string>;
}

/** Creates what a resource describes. */
type Provisioner = (resource: Resource) => Provisioned | Promise<Provisioned>;

/** Provisioners of one service, by resource type. */
export type Provisioners = Record<string, Provisioner>;

/**
 * Parses properties by a strict schema: one that the local cloud doesn't know stops the start by name, since
 * leaving it out silently would make what runs here differ from what deploys.
 */
export function parseProperties<T extends z.ZodType>(schema: T, resource: Resource): z.infer<T> {
  const parsed = schema.safeParse(resource.properties);
  if (parsed.success) return parsed.data;
  throw new Error(
    `${resource.stackName}: ${resource.type} ${resource.logicalId} isn't understood by the local cloud:\n${z.prettifyError(parsed.error)}`,
  );
}

/** A property that changes nothing locally (descriptions, tags, encryption at rest …). */
export const inert = z.unknown().optional();

/** A policy document; IAM parses it itself, statement by statement. */
export const documentSchema = z.custom<PolicyDocument>(
  (value) => typeof value === "object" && value !== null,
);

/** A physical name that stays the same across starts: `<stack>-<id>-<hash>`, at most `max` characters. */
export function physicalName({ stackName, logicalId }: Resource, max: number): string {
  const suffix = shortHash(`${stackName}/${logicalId}`, 8);
  return `${`${stackName}-${logicalId}`.slice(0, max - suffix.length - 1)}-${suffix}`;
}

/** `length` lower-case letters and digits that depend on `text` alone. */
export function shortHash(text: string, length: number): string {
  const digits = BigInt(`0x${createHash("sha256").update(text).digest("hex")}`).toString(36);
  return digits.slice(0, length);
}
