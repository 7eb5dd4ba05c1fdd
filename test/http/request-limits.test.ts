/** What clients send has an end everywhere. */
import { expect, test } from "vitest";
import * as z from "zod";
import { jsonSchema } from "#contract/json-schema.ts";
import type { Route } from "#contract/route.ts";
import { recoverRoute } from "#core/delivery/contract.ts";
import { createTransferRoute } from "#core/transfers/contract.ts";
import { faultText } from "#http/fault-text.ts";
import { allRoutes } from "#test/support/all-routes.ts";

/** S3: a multipart upload has 10,000 parts at most, the longest list that Wharf takes. */
const MOST = 10_000;

const routes = await allRoutes();

/** Every array in a schema as JSON Schema, with where it stands. */
function* arraysOf(schema: unknown, at: string): Generator<[string, Record<string, unknown>]> {
  if (typeof schema !== "object" || schema === null) return;
  if ("type" in schema && schema.type === "array" && !("prefixItems" in schema)) yield [at, { ...schema }];
  for (const [name, value] of Object.entries(schema)) yield* arraysOf(value, `${at}/${name}`);
}

function requestOf({ body, query, params }: Route): z.ZodType {
  return z.object({
    ...(body === undefined ? {} : { body }),
    query: z.object(query),
    params: z.object(params),
  });
}

/** Lists whose members are requests of their own, of which two may be the same: they are done in turn. */
const IN_TURN = new Set([
  ...["delete", "move", "tag"].map((kind) => `changeFiles/properties/body/properties/${kind}`),
  "startUploads/properties/body/properties/files",
  "finalizeUploads/properties/body/properties/upload_ids",
]);

test("every list that a request may hold has a largest length, and no member twice but in a batch", () => {
  const arrays = routes.flatMap((route) => [...arraysOf(jsonSchema(requestOf(route), "input"), route.id)]);
  expect(arrays.length).toBeGreaterThan(5);
  for (const [at, { maxItems, uniqueItems }] of arrays) {
    expect(maxItems, at).toBeLessThanOrEqual(MOST);
    expect(uniqueItems, at).toBe(IN_TURN.has(at) ? undefined : true);
  }
});

test.each([
  ["one status 30,000 times", new Array(30_000).fill("failed")],
  ["one status twice", ["failed", "failed"]],
  ["none", []],
])("a recovery of %s is refused", (_, statuses) => {
  const { success } = recoverRoute.body.safeParse({ since: "2026-01-01T00:00:00.000Z", statuses });
  expect(success).toBe(false);
});

test.each([{ type: "foo" }, {}, { type: 1 }])(
  "what is handed over as %j is told the kinds there are",
  (resource) => {
    const [issue] = createTransferRoute.body.safeParse({ resource }).error?.issues ?? [];
    expect(issue && faultText(issue)).toBe(
      "must be one of 'workspace', 'folder', 'file', 'share', 'organization'",
    );
  },
);

test.each(["x", "2026-01-01", "2026-02-30T00:00:00Z", ""])("%j is told to be no time", (since) => {
  const [issue] = recoverRoute.body.safeParse({ since }).error?.issues ?? [];
  expect(issue && faultText(issue)).toBe(
    "must be a time as RFC 3339 writes it, such as 2026-01-01T00:00:00Z",
  );
});
