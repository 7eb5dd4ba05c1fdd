/** Which behaviours have an independent proof, as tables for people. */
import { type BehaviourId, behaviourIds, behaviours } from "@wharf/local-cloud/test/behaviours.ts";
import { localTests } from "./local-tests.ts";
import type { Part } from "./part.ts";

/** Who shows a behaviour, and how far. */
export interface Proof {
  readonly by: string;
  /** Checks that agree with AWS … */
  readonly agree: number;
  /** … of all that were asked. */
  readonly of: number;
}

/**
 * Of each behaviour, who shows it, in the order of the parts: implementations that agree with AWS in more than half of
 * what they are asked. One that checks no checksum at all takes right ones too.
 */
export function provers(parts: readonly Pick<Part, "by" | "checks">[]): Map<BehaviourId, Proof[]> {
  const found = new Map(behaviourIds().map((id) => [id, new Map<string, Proof>()]));
  for (const { by, checks } of parts) {
    for (const { behaviours, differs } of checks) {
      for (const id of behaviours) {
        const { agree, of } = found.get(id)?.get(by) ?? { agree: 0, of: 0 };
        found.get(id)?.set(by, { by, agree: agree + (differs ? 0 : 1), of: of + 1 });
      }
    }
  }
  const most = ({ agree, of }: Proof) => agree * 2 > of;
  return new Map([...found].map(([id, proofs]) => [id, [...proofs.values()].filter(most)]));
}

/** `moto 5.2.5 (11 of 12)`, or `none yet`. */
export function nameProvers(proofs: readonly Proof[]): string {
  const names = proofs.map(({ by, agree, of }) => (agree === of ? by : `${by} (${agree} of ${of})`));
  return names.join(", ") || "none yet";
}

/** How many of the behaviours are shown by somebody, in one sentence. */
export function countProofs(proved: ReadonlyMap<BehaviourId, readonly Proof[]>): string {
  const shown = [...proved.values()].filter((by) => by.length > 0).length;
  return `${shown} of ${proved.size} behaviours are shown by an independent implementation, ${proved.size - shown} by none yet.`;
}

/** What stands between the marks of docs/local-cloud.md. */
export function proofTable(parts: readonly Part[]): string {
  const proved = provers(parts);
  const here = localTests();
  const rows = [...proved].map(([id, by]) => {
    const { service, what, documented } = behaviours[id];
    const tests = (here.get(id) ?? []).map(link).join(", ");
    return `| [${service}](${documented}) | ${what} | ${nameProvers(by)} | ${tests} |`;
  });
  return [
    countProofs(proved),
    "",
    "| documented | behaviour | shown by | here |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function link(path: string): string {
  const name = path.replace(/^(local\/test\/(conformance\/)?|test\/)/, "").replace(/(\.test)?\.ts$/, "");
  return `[${name}](../${path})`;
}

const BEGIN = "<!-- proofs -->\n";
const END = "\n<!-- /proofs -->";

/** The page with this table instead of the one that it has. @throws Error where it has no marks. */
export function withTable(page: string, table: string): string {
  const [before, rest] = split(page, BEGIN);
  const [, after] = split(rest, END);
  return `${before}${BEGIN}${table}${END}${after}`;
}

function split(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`the page has no ${mark.trim()}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
