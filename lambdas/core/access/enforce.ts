import { WharfError } from "#core/kernel/error.ts";
import { DEFAULTS } from "#core/policy/effective.ts";
import { judge } from "#core/policy/judge.ts";
import type { Act, Finding, Values } from "#core/policy/rule.ts";

/** What is to be told of an act that goes on all the same. */
export interface Passed {
  clamp?: Finding | undefined;
  approval?: Finding | undefined;
}

/**
 * The same for who is about to act.
 *
 * @param values of where it is done; none where no policy was ever set.
 * @throws WharfError policy_denied
 */
export function enforce(values: Values | undefined, act: Act): Passed {
  const { findings } = judge(values ?? DEFAULTS, act);
  const denied = findings.find(({ kind }) => kind === "deny");
  if (denied !== undefined) throw policyDenied(denied);
  return {
    clamp: findings.find(({ kind }) => kind === "clamp"),
    approval: findings.find(({ kind }) => kind === "approval"),
  };
}

/** What a rule refuses, as clients see it. */
export function policyDenied(finding: Finding): WharfError {
  const { rule, limit, given, passes } = toldFinding(finding);
  return new WharfError(
    "policy_denied",
    `The policy here does not allow it (${rule}). ${passes}; GET …/policy shows what holds, and POST /v1/policies/evaluate tells beforehand.`,
    { rule, limit, given },
  );
}

/** A finding as it is told: which networks are allowed is no matter of those outside. */
export const toldFinding = (finding: Finding): Finding =>
  finding.rule === "access.allowed_cidrs" ? { ...finding, limit: null } : finding;
