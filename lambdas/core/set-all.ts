import type { Item } from "#aws/table.ts";

/** `SET` of all these attributes to values of the same names; what is undefined is left as it is. */
export function setAll(values: Item): string {
  const names = Object.keys(values).filter((name) => values[name] !== undefined);
  return `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}`;
}
