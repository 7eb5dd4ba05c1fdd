/** Settings one by one, by dotted names such as `throttle.rate`: as `-c` sets them and as a deployment shows them. */
import * as z from "zod";
import { settings } from "./settings.ts";

type Values = Readonly<Record<string, unknown>>;

/** Schema of each setting by its name. */
export const settingNames: ReadonlyMap<string, z.ZodType> = new Map(namesIn(settings));

function* namesIn({ shape }: z.ZodObject, prefix = ""): Generator<[string, z.ZodType]> {
  for (const [name, schema] of Object.entries(shape)) {
    const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
    if (inner instanceof z.ZodObject) yield* namesIn(inner, `${prefix}${name}.`);
    else if (schema instanceof z.ZodType) yield [prefix + name, schema];
  }
}

/** What stands in an object under a dotted name. */
export function lookUp(values: Values, name: string): unknown {
  return name.split(".").reduce<unknown>((inner, key) => {
    return typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
      ? Reflect.get(inner, key)
      : undefined;
  }, values);
}

/** An object with these settings, those that come later before those that come first. */
export function nest(named: Iterable<readonly [name: string, value: unknown]>): Record<string, unknown> {
  const whole: Record<string, unknown> = {};
  for (const [name, value] of named) {
    const [outer = "", inner] = name.split(".");
    whole[outer] = inner === undefined ? value : { ...Object(whole[outer]), [inner]: value };
  }
  return whole;
}
