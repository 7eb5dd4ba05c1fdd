import { expect, test } from "vitest";
import * as z from "zod";
import { jsonSchema } from "#contract/json-schema.ts";
import { noteOf, shapesOf, shownType } from "#pages/schema-fields.ts";

const input = (schema: z.ZodType) => jsonSchema(schema, "input");

test.each<[string, z.ZodType, string, string]>([
  ["text", z.string(), "string", ""],
  ["text with a length", z.string().max(1024), "string", "At most 1,024 characters."],
  ["a whole number", z.int(), "integer", ""],
  ["a whole number in a range", z.int().min(60).max(604_800), "integer", "60 … 604,800."],
  ["a number with a floor", z.int().min(0), "integer", "0 or more."],
  ["a choice", z.enum(["version", "fail"]), '"version" | "fail"', ""],
  ["one value", z.literal("Bearer"), '"Bearer"', ""],
  ["a time", z.iso.datetime(), "time", ""],
  ["text or nothing", z.string().nullable(), "string or null", ""],
  ["a list", z.array(z.string()).max(25), "list of string", "At most 25 entries."],
  ["a pair", z.tuple([z.int(), z.int()]), "[integer, integer]", "2 entries."],
  ["a map", z.record(z.string(), z.string()), "map to string", ""],
  ["anything", z.unknown(), "any", ""],
  ["a default", z.boolean().default(true), "boolean", "Default true."],
  ["a description", z.int().min(1).meta({ description: "Seconds." }), "integer", "Seconds. 1 or more."],
])("%s", (_, schema, type, note) => {
  const json = input(schema);
  expect([shownType(json), noteOf(json)]).toEqual([type, note]);
});

test("fields inside others are named by their path", () => {
  const [fields = [], ...others] = shapesOf(
    input(
      z.object({
        checksum: z.object({ crc32: z.string() }).optional(),
        parts: z.array(z.object({ etag: z.string() })),
        holder: z.object({ name: z.string() }).nullable(),
      }),
    ),
  );
  expect(others).toEqual([]);
  expect(fields.map(({ path, type, required }) => [path, type, required])).toEqual([
    ["checksum", "object", false],
    ["checksum.crc32", "string", true],
    ["parts", "list of object", true],
    ["parts[].etag", "string", true],
    ["holder", "object or null", true],
    ["holder.name", "string", true],
  ]);
});

test("a body of one shape or another has a list for each", () => {
  const shapes = shapesOf(input(z.union([z.object({ urls: z.string() }), z.object({ prefix: z.string() })])));
  expect(shapes.map((fields) => fields.map(({ path }) => path))).toEqual([["urls"], ["prefix"]]);
});
