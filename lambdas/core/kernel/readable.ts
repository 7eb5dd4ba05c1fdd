import type * as z from "zod";
import { keyOf } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { emitMetric } from "#aws/metrics.ts";
import type { Item } from "#aws/table.ts";
import type { TableDeps } from "./deps.ts";

/**
 * Those of a list's records that are as their schema has them: one that isn't keeps no other, is told of and counted.
 *
 * For lists that hold what belongs to many; where a record was asked for by itself, an error is the right answer.
 */
export function readable<T>({ table, now }: TableDeps, schema: z.ZodType<T>, items: readonly Item[]): T[] {
  return items.flatMap((item) => {
    const { data, error } = schema.safeParse(item);
    if (data !== undefined) return [data];
    say("error", "a record can't be read and is left out", { ...keyOf(item), error: describe(error) });
    emitMetric(table.name, "PutAside", 1, now());
    return [];
  });
}
