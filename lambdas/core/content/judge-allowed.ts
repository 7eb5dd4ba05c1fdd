import { isAllowed } from "./contract.ts";
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
  const { refused, flagged } = judgeContent({ name: "", declared: type }, sniffed.kept, "refuse");
  const differs = refused ?? flagged;
  if (differs === undefined && isAllowed(type, allowed)) return undefined;
  return { claimed: allowed.join(", "), actual: differs?.actual ?? type };
}
