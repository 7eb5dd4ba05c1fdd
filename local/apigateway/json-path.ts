/** The part of JSONPath that mapping templates use: `$`, `.name`, `['name']`, `[n]`. */

const STEP = /\.([A-Za-z_][\w-]*)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]/y;

/** Value at `path`, or `undefined`. @throws Error for a path with other syntax. */
export function jsonPath(document: unknown, path: string): unknown {
  if (!path.startsWith("$")) throw new Error(`JSONPath ${path} doesn't begin with $`);
  let value = document;
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const at = STEP.lastIndex;
    const step = STEP.exec(path);
    if (!step)
      throw new Error(`JSONPath ${path} isn't understood from character ${at}; use .name, ['name'] or [n]`);
    const key = step[1] ?? step[2] ?? step[3] ?? step[4] ?? "";
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
