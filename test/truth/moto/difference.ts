/**
 * Where `expected` isn't in `live`: paths with both values. What `live` has beyond it says nothing, a default for one;
 * so does how a number, a truth or a list of one is written.
 */
export function differences(expected: unknown, live: unknown, path = ""): string[] {
  if (isObject(expected)) {
    if (!isObject(live)) return [`${path}: ${show(expected)} is ${show(live)}`];
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value, live[key], `${path}.${key}`),
    );
  }
  if (Array.isArray(expected)) {
    const list = Array.isArray(live) ? live : [live];
    if (list.length !== expected.length) return [`${path}: ${show(expected)} is ${show(live)}`];
    return expected.flatMap((value, index) => differences(value, list[index], `${path}[${index}]`));
  }
  return String(expected) === String(live) ? [] : [`${path}: ${show(expected)} is ${show(live)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 200);
}
