/** JSON Schema (2020-12) of the contract's zod schemas, as people and generators like to read it. */
import * as z from "zod";

export type Json = Record<string, unknown>;
/** JSON Schema 2020-12, as zod writes it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * JSON Schema of a schema as a request is written (`input`) or an answer read (`output`). Schemas that have an id
 * stand under `$defs`.
 */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    target: "draft-2020-12",
    override: ({ jsonSchema: json }) => simplify(json, io),
  });
  return rest;
}

const shapes = z.array(z.looseObject({ description: z.string().optional() }));

/** Leaves out what zod says beside the contract. */
function simplify(json: Json, io: "input" | "output"): void {
  // Clients must ignore members that they don't know, so no answer is closed.
  if (io === "output" && json["additionalProperties"] === false) delete json["additionalProperties"];
  if (json["minimum"] === Number.MIN_SAFE_INTEGER) delete json["minimum"];
  if (json["maximum"] === Number.MAX_SAFE_INTEGER) delete json["maximum"];
  // The format says it all; the pattern counts leap years.
  if (json["format"] === "date-time") delete json["pattern"];
  // What a value means stands where readers look for it, whether it may be null or not.
  const described = shapes
    .safeParse(json["anyOf"])
    .data?.filter(({ description }) => description !== undefined);
  if (described?.length === 1) json["description"] ??= described[0]?.description;
}

/** The schema under a name of its own, unless it has one: generators would make one up of where it stands. */
export function named({ $defs = {}, ...schema }: JsonSchema, name: string): JsonSchema {
  if (schema.$ref !== undefined || (schema.type === "string" && schema.enum === undefined))
    return { ...schema, $defs };
  return { $ref: `#/$defs/${name}`, $defs: { ...$defs, [name]: schema } };
}

/** The same schema without `$defs`: each reference is replaced by what it leads to. */
export function inlined({ $defs = {}, ...schema }: JsonSchema): JsonSchema {
  const resolve = (_: string, value: unknown) => {
    const { $ref, ...more } = z.looseObject({ $ref: z.string() }).safeParse(value).data ?? {};
    return $ref === undefined ? value : { ...$defs[$ref.replace("#/$defs/", "")], ...more };
  };
  return JSON.parse(JSON.stringify(schema, resolve)) as JsonSchema;
}
