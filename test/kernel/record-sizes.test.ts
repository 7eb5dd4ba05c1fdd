/**
 * The largest size of every record, from its schema: far below DynamoDB's 400 KB, so that no write fails for what a
 * record has become, and pages of a query stay many.
 */
import { globSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";
import { MAX_METADATA_BYTES } from "#contract/content.ts";
import { inlined, jsonSchema } from "#contract/json-schema.ts";
import { wakeUp } from "#core/turns/plan-wake-up.ts";

const MAX_BYTES = 100_000;

/** Bytes of what a field holds at most where its schema doesn't say, by its name: what the contract lets in. */
const BYTES: Record<string, number> = {
  // Contract: 255 bytes a name, 4,096 characters a path.
  ...{
    name: 255,
    asked_name: 255,
    address: 254,
    email: 1_000,
    message: 4 * 500,
    holder: 1_000,
    description: 4 * 500,
    tags: 64 * 3,
    reason: 4 * 500,
  },
  ...{ path: 4 * 4_096, hint_path: 4 * 4_351, folder_path: 4 * 4_096 },
  ...{ content_type: 255, url: 2_048, request_id: 128, if_match: 128, detail: 2_000, facts: 2_000 },
  ...{ metadata: 3 * MAX_METADATA_BYTES },
  // Formats and what was claimed of them: an extension or a media type.
  ...{ claimed: 300, actual: 300, formats: 1_000 },
  // S3's ids of multipart uploads are opaque, of some 130 characters.
  ...{ object_key: 1_024, s3_upload_id: 1_024 },
  // Hashes, secrets and what is derived from them.
  ...{
    hash: 64,
    lock_hash: 64,
    token_hash: 64,
    crc32: 64,
    crc32c: 64,
    sha256: 64,
    password: 200,
    password_hash: 200,
  },
  ...{ current: 100, previous: 100, lease: 36, change: 36 },
  // Events hold names, paths and facts: stories hold each under 20,000.
  body: 20_000,
  // Of a policy what it may have as JSON, and what two of them differ in.
  ...{ rules: 3_072, changes: 3 * 3_072 },
  // Keys, and where a page ended.
  ...{ pk: 1_100, sk: 1_024, due_sk: 100, after: 100 },
};
/** Members of lists and maps whose schema doesn't say: what verbs let in. */
const MEMBERS: Record<string, number> = {
  secrets: 10,
  scopes: 20,
  workspaces: 100,
  above: 32,
  organizations: 20,
  grants: 50,
  groups: 20,
  actions: 14,
  details: 20,
  parents: 4,
  emails: 10,
  members: 100,
  brought: 100,
  ending: 50,
  events: 50,
  folders: 20,
  tags: 50,
  kept: 52,
  means: 10,
};
/** Ids, times and words of ours. */
const SHORT =
  /(_id|_from|_at|_by|_change|^change$|^run$|^type|_type|^code|attempt$|^last_error|^epoch|^default_workspace|^root_folder|_reason|^hash|^on$|^id$|^organization$|^claimed_for$|^last_used|^workspace$|^folder$|^file$)$/;

const rooms = await Promise.all(globSync("lambdas/core/*/records.ts").map((file) => import(`../../${file}`)));
const known: Record<string, z.ZodType> = Object.assign({ wakeUp }, ...rooms.map(schemasOf));

function schemasOf(module: object): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(module).filter((entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType),
  );
}

/** Bytes that a value takes at most. @throws where nothing says how long it may be */
function largest(schema: unknown, name: string): number {
  const { type, properties, items, anyOf, maxItems, maxLength, ...rest } = shape.parse(schema);
  if (name in BYTES) return BYTES[name] ?? 0;
  if (anyOf !== undefined) return Math.max(...anyOf.map((one) => largest(one, name)));
  if (rest.const !== undefined) return String(rest.const).length;
  if (rest.enum !== undefined) return Math.max(...rest.enum.map((word) => String(word).length));
  if (type === "object" && properties !== undefined)
    return Object.entries(properties).reduce(
      (sum, [key, value]) => sum + key.length + largest(value, key) + 3,
      0,
    );
  if (type === "array" || type === "object" || type === undefined) {
    const members = maxItems ?? MEMBERS[name];
    if (members === undefined) throw new Error(`${name} has no largest number of members`);
    return members * (items === undefined ? 300 : largest(items, "member_id") + 3);
  }
  // DynamoDB: 21 bytes a number at most.
  if (type !== "string" && !type.includes("string")) return 21;
  if (maxLength !== undefined) return 4 * maxLength;
  if (SHORT.test(name)) return 64;
  throw new Error(`${name} has no largest length`);
}

const shape = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  maxItems: z.number().optional(),
  maxLength: z.number().optional(),
});

test.each(Object.entries(known))("%s stays under 100 KB", (name, schema) => {
  expect(largest(inlined(jsonSchema(schema, "output")), name)).toBeLessThan(MAX_BYTES);
});
