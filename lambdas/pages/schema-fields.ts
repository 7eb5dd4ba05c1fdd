/** JSON Schemas as rows that people can read. */
import type { JsonSchema } from "#contract/json-schema.ts";

export interface Field {
  /** `parts[].url`: where in the body. */
  path: string;
  /** `integer`, `"a" | "b"`, `list of string` … */
  type: string;
  required: boolean;
  /** What it means, its limits, its default. */
  note: string;
}

/** The fields of a body: one list, or one for each shape that the body may have. */
export function shapesOf(schema: JsonSchema): Field[][] {
  return (schema.anyOf ?? schema.oneOf ?? [schema]).map((shape) => fieldsOf(asSchema(shape), ""));
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema, prefix: string): Field[] {
  return Object.entries(properties).flatMap(([name, given]) => {
    const schema = asSchema(given);
    const path = `${prefix}${name}`;
    const field = { path, type: shownType(schema), required: required.includes(name), note: noteOf(schema) };
    return [field, ...fieldsOf(asSchema(itemsOf(schema) ?? plain(schema)), inner(schema, path))];
  });
}

/** What a value is, without its limits. */
export function shownType(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const shapes = schema.anyOf ?? schema.oneOf;
  if (shapes !== undefined)
    return [...new Set(shapes.map((shape) => shownType(asSchema(shape))))].join(" or ");
  if (schema.prefixItems !== undefined)
    return `[${schema.prefixItems.map((item) => shownType(asSchema(item))).join(", ")}]`;
  if (schema.type === "array") return `list of ${shownType(asSchema(itemsOf(schema)))}`;
  if (schema.format === "date-time") return "time";
  if (schema.format === "uri") return "URL";
  if (schema.format === "binary") return "bytes";
  const values = asSchema(schema.additionalProperties);
  if (schema.type === "object" && values.type !== undefined) return `map to ${shownType(values)}`;
  return [schema.type ?? "any"].flat().join(" or ");
}

/** What a value means, its limits, and what it is where it is left out. */
export function noteOf(schema: JsonSchema): string {
  const limits = [
    range(schema.minimum, schema.maximum, ""),
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minItems, schema.maxItems, " entries"),
    schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
  ].filter((text) => text !== "");
  const sentence = limits.join(", ").replace(/^./, (first) => first.toUpperCase());
  return [schema.description ?? "", sentence === "" ? "" : `${sentence}.`].join(" ").trim();
}

function range(from: number | undefined, to: number | undefined, unit: string): string {
  const show = (bound: number) => bound.toLocaleString("en-US");
  // zod writes the bounds of whole numbers in floating point, which say nothing.
  const least = from === undefined || from <= Number.MIN_SAFE_INTEGER ? undefined : from;
  const most = to === undefined || to >= Number.MAX_SAFE_INTEGER ? undefined : to;
  if (least !== undefined && least === most) return `${show(least)}${unit}`;
  if (least !== undefined && most !== undefined) return `${show(least)} … ${show(most)}${unit}`;
  if (least !== undefined) return `${show(least)}${unit} or more`;
  return most === undefined ? "" : `at most ${show(most)}${unit}`;
}

/** The schema of a list's entries. */
function itemsOf({ type, items }: JsonSchema) {
  return type === "array" && !Array.isArray(items) ? items : undefined;
}

/** The one shape with fields among those that a value may have, such as an object or null. */
function plain(schema: JsonSchema): JsonSchema {
  const shapes = (schema.anyOf ?? schema.oneOf ?? []).map(asSchema).filter((shape) => shape.properties);
  return shapes.length === 1 ? asSchema(shapes[0]) : schema;
}

const inner = (schema: JsonSchema, path: string) => `${path}${itemsOf(schema) === undefined ? "" : "[]"}.`;

const asSchema = (schema: JsonSchema | boolean | undefined): JsonSchema =>
  typeof schema === "object" ? schema : {};
