import type { RuleId } from "./contract.ts";
import type { Act, Finding, Rule, Values } from "./rule.ts";
import { allRules, rules } from "./rules.ts";

/** What rules make of an act: the strictest of what they say. */
export interface Verdict {
  outcome: "allow" | "clamp" | "needs_approval" | "deny";
  /** What each rule that isn't content says, in the order of the rules. */
  findings: readonly Finding[];
}

/**
 * The one judgement of a policy, a pure function: every route that is about such an act asks it, before the effect and
 * inside it, and so does who asks what would be.
 */
export function judge(values: Values, act: Act): Verdict {
  const findings = allRules.flatMap((id) => {
    const rule = rules[id] as Rule<RuleId>;
    const found = rule.judge?.(values[id] as never, act, values);
    return found === undefined ? [] : [{ ...found, rule: id, limit: values[id] }];
  });
  const kinds = new Set(findings.map(({ kind }) => kind));
  const outcome = kinds.has("deny")
    ? "deny"
    : kinds.has("approval")
      ? "needs_approval"
      : kinds.has("clamp")
        ? "clamp"
        : "allow";
  return { outcome, findings };
}
