import type { Policy, RuleId } from "./contract.ts";
import type { Rule, Values } from "./rule.ts";
import { allRules, rules } from "./rules.ts";

/** Where the value of a field comes from. */
type Source = "default" | "organization" | "workspace";

/** A policy with a value for each field. */
export interface Effective {
  values: Values;
  /** Where each comes from. */
  from: { readonly [Id in RuleId]: Source };
}

/** The policy's own value of a field; `undefined` where it says nothing of it. */
export function valueIn(policy: Policy | undefined, id: RuleId): unknown {
  const [section, field] = id.split(".") as [keyof Policy, string];
  return (policy?.[section] as Record<string, unknown> | undefined)?.[field];
}

/**
 * What holds in a workspace: its organization's policy, or the rule's default, and of the workspace's own only what is
 * stricter, field by field.
 */
export function effective(organization: Policy | undefined, workspace?: Policy | undefined): Effective {
  const decided = allRules.map((id) => [id, ...decide(id, organization, workspace)] as const);
  return {
    values: Object.fromEntries(decided.map(([id, value]) => [id, value])) as unknown as Values,
    from: Object.fromEntries(decided.map(([id, , from]) => [id, from])) as Effective["from"],
  };
}

function decide(
  id: RuleId,
  organization: Policy | undefined,
  workspace: Policy | undefined,
): [value: unknown, from: Source] {
  const { unset, meet } = rules[id] as unknown as Rule<RuleId> & {
    meet(one: unknown, other: unknown): unknown;
  };
  const [above, own] = [valueIn(organization, id), valueIn(workspace, id)];
  const base = above === undefined ? unset : above;
  const from = above === undefined ? "default" : "organization";
  if (own === undefined) return [base, from];
  const value = meet(base, own);
  return JSON.stringify(value) === JSON.stringify(meet(base, base)) ? [base, from] : [value, "workspace"];
}

/** What holds where nobody has set anything. */
export const DEFAULTS: Values = effective(undefined).values;
