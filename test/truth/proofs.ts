/** Which behaviours have an independent proof, as tables for people. */
import { type BehaviourId, behaviourIds, behaviours } from "./behaviours.ts";
import type { Part } from "./part.ts";

/** Of each behaviour, who shows it: implementations, in the order of the parts. */
export function provers(parts: readonly Pick<Part, "by" | "checks">[]): Map<BehaviourId, string[]> {
  const found = new Map<BehaviourId, Set<string>>();
  for (const id of behaviourIds()) found.set(id, new Set());
  for (const { by, checks } of parts) {
    for (const check of checks) {
      if (check.differs) continue;
      for (const id of check.behaviours) found.get(id)?.add(by);
    }
  }
  return new Map([...found].map(([id, by]) => [id, [...by]]));
}

/** The Markdown table of docs/local-cloud.md. */
export function proofTable(parts: readonly Part[]): string {
  const rows = [...provers(parts)].map(([id, by]) => {
    const { service, what, documented } = behaviours[id];
    return `| ${service} | ${what} | [page](${documented}) | ${by.join(", ") || "none yet"} |`;
  });
  return ["| service | behaviour | documented | shown by |", "|---|---|---|---|", ...rows].join("\n");
}
