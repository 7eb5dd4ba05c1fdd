import { isAllowed } from "#contract/content.ts";
import { judgeContent, type Mismatch, type SniffedContent } from "./judge-content.ts";
import { typeOf } from "./type-of.ts";

/**
 * Whether a file is of an allowed type, by its type and by its bytes: these must be exactly what the type says, whatever
 * the stage lets pass for other files. `undefined` where it is.
 */
export function judgeAllowed(
  { name, declared, allowed }: { name: string; declared: string | undefined; allowed: readonly string[] },
  sniffed: SniffedContent,
): Mismatch | undefined {
  const type = typeOf(name, declared, sniffed);
  const differs = contradictionOf(type, sniffed);
  if (differs === undefined && isAllowed(type, allowed)) return undefined;
  return { claimed: allowed.join(", "), actual: differs ?? type };
}

/** What bytes are that aren't exactly what a type says; `undefined` where they are. */
export function contradictionOf(type: string, sniffed: SniffedContent): string | undefined {
  const { refused, flagged } = judgeContent({ name: "", declared: type }, sniffed.kept, "refuse");
  return (refused ?? flagged)?.actual;
}
