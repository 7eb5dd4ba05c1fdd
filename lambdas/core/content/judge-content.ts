import * as z from "zod";
import { essenceOf } from "#contract/content.ts";
import type { MismatchPolicy } from "#core/kernel/deps.ts";
import {
  EMPTY,
  formatsOf,
  type Promised,
  promisedByExtension,
  promisedByType,
  SIGNATURES,
} from "./formats.ts";
import { dangers, disguise, extensionOf, sniff } from "./sniff-type.ts";

/** Grows when SIGNATURES or the dangers change: what was kept of bytes before is then looked at anew. */
const RULES = 3;

/** What is kept of a version's first bytes, so that a new name is judged without them. */
export const sniffedRecord = z.object({
  rules: z.literal(RULES),
  danger: z.enum(dangers).optional(),
  /** See SIGNATURES. */
  formats: z.array(z.string()),
});

export type SniffedRecord = z.infer<typeof sniffedRecord>;

/** A file's first bytes, looked at once. */
export interface SniffedContent {
  /** Goes into the version's record. */
  kept: SniffedRecord;
  /** Media type that the bytes have, where they have one. */
  type: string | undefined;
}

/** Looks at a file's first bytes. */
export async function sniffContent(prefix: Uint8Array): Promise<SniffedContent> {
  const { type, danger } = await sniff(prefix);
  return { kept: { rules: RULES, danger, formats: formatsOf(prefix) }, type };
}

/** What was claimed of content, by which name or type, and what it is. */
export interface Mismatch {
  claimed: string;
  actual: string;
}

/** At most one of the two; neither where content is what it says. */
export interface ContentVerdict {
  refused?: Mismatch;
  flagged?: Mismatch;
}

/**
 * The one rule of what content may pass under a name, in every transaction that puts the two together: finalize, ingest,
 * rename, restore. docs/content-types.md has it as a table.
 */
export function judgeContent(
  { name, declared }: { name: string; declared?: string | undefined },
  { danger, formats }: SniffedRecord,
  policy: MismatchPolicy,
): ContentVerdict {
  const disguised = disguise({ danger }, { name, declared });
  if (disguised !== undefined) return { refused: disguised };
  const extension = extensionOf(name);
  const type = essenceOf(declared);
  const claims: [claimed: string, promised: Promised | undefined][] = [];
  if (extension !== undefined) claims.push([`.${extension}`, promisedByExtension(extension)]);
  if (type !== undefined) claims.push([type, promisedByType(type)]);
  const verdicts = claims.map(([claimed, promised]) => ({
    how: promised === undefined ? "kept" : compare(promised, formats),
    mismatch: { claimed, actual: formats[0] ?? "unknown" },
  }));
  const across = verdicts.find(({ how }) => how === "across");
  if (across !== undefined)
    return policy === "refuse" ? { refused: across.mismatch } : { flagged: across.mismatch };
  const within = verdicts.find(({ how }) => how === "within");
  return within === undefined ? {} : { flagged: within.mismatch };
}

function compare(
  { family, signatures, also }: Promised,
  formats: readonly string[],
): "kept" | "within" | "across" {
  if (formats.includes(EMPTY) || signatures.some((one) => formats.includes(one))) return "kept";
  const families = formats.flatMap((format) => SIGNATURES[format]?.families ?? []);
  // Text in an encoding that nobody recognizes has no signature, and promises none.
  if (signatures.length === 0) return families.length === 0 || families.includes(family) ? "kept" : "across";
  return families.includes(family) || also.some((format) => formats.includes(format)) ? "within" : "across";
}

/** What a client is told of content that is refused under a name. */
export function describeMismatch(name: string, { claimed, actual }: Mismatch): string {
  const what: Record<string, string> = {
    markup: "a web page",
    script: "a script",
    executable: "an executable",
    unknown: "something else",
  };
  return `${JSON.stringify(name)} (${claimed}) holds ${what[actual] ?? actual.replaceAll("_", " ")}`;
}
