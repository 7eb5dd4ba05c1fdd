import { metadataProblem } from "#contract/content.ts";
import { WharfError } from "#core/kernel/error.ts";

type Metadata = Record<string, string>;

/** Metadata as it is, and as it is to be. */
export interface Merged {
  from: Metadata;
  to: Metadata;
}

/**
 * What a request makes of metadata: keys that it names change, or go where their value is `null` or empty, and all
 * others stay.
 *
 * @throws WharfError invalid_request where more would come of it than an upload may attach.
 */
export function mergeMetadata(from: Metadata, wanted: Readonly<Record<string, string | null>>): Merged {
  const to = Object.fromEntries([
    ...Object.entries(from).filter(([key]) => !Object.hasOwn(wanted, key)),
    ...Object.entries(wanted).flatMap(([key, value]) => (value ? [[key, value] as const] : [])),
  ]);
  const problem = metadataProblem(to);
  if (problem === undefined) return { from, to };
  const less = "Take keys away in the same request (`null`), or attach less.";
  throw new WharfError("invalid_request", `With these changes metadata ${problem}. ${less}`);
}

/** Whether there is anything to change. */
export function isOther({ from, to }: Merged): boolean {
  return [...Object.keys(from), ...Object.keys(to)].some((name) => from[name] !== to[name]);
}

/** Nothing is no metadata, as of a version that was sent without. */
export const orNone = (metadata: Metadata): Metadata | undefined =>
  Object.keys(metadata).length === 0 ? undefined : metadata;
