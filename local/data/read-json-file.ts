import { readFileSync } from "node:fs";
import type { z } from "zod";
import { damaged, whyNotOpened } from "./damage.ts";

/**
 * Reads a file that an earlier start wrote; `undefined` where there is none.
 * @param wayOut what to do where it is damaged, without a full stop
 * @throws Error naming the file, what is wrong and the way out
 */
export function readJsonFile<T>(file: string, schema: z.ZodType<T>, wayOut: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw damaged(file, whyNotOpened(error), wayOut, error);
  }
  if (text.trim() === "") throw damaged(file, "is empty", wayOut);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(file, "is cut off or otherwise no JSON", wayOut, cause);
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const fields = read.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw damaged(file, `lacks what it must hold (${fields || "an object"})`, wayOut, read.error);
}
