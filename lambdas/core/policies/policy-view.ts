import type { PolicyRecord } from "#core/access/records.ts";
import { ruleIds } from "#core/policy/contract.ts";
import { effective } from "#core/policy/effective.ts";
import type { ShownPolicy } from "./contract.ts";

/** Policies as they are: the organization's, and the workspace's where it is about one. */
export interface Standing {
  of: string;
  organization: PolicyRecord | undefined;
  workspace?: PolicyRecord | undefined;
}

/** A policy as the API shows it, with what holds by it. */
export function policyView({ of, organization, workspace }: Standing): ShownPolicy {
  const own = of.startsWith("ws_") ? workspace : organization;
  const { values, from } = effective(organization?.rules, workspace?.rules);
  return {
    ...{ of, version: own?.version ?? 0 },
    ...{ changed_at: own?.changed_at ?? null, changed_by: own?.changed_by ?? null },
    policy: own?.rules ?? {},
    effective: Object.fromEntries(
      ruleIds.map((rule) => [rule, { value: values[rule], from: from[rule] }]),
    ) as ShownPolicy["effective"],
  };
}

/** `ETag` of a policy: the GET's goes on after it. */
export const policyTag = (body: unknown): Record<string, string> => ({
  ETag: `"${(body as Partial<ShownPolicy>).version ?? 0}"`,
});
