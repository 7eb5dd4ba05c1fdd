import type { MemberRole } from "#contract/roles.ts";
import type { Caller } from "#core/kernel/call.ts";
import { judge } from "#core/policy/judge.ts";
import type { Finding, Values } from "#core/policy/rule.ts";

/** Why a policy lets somebody do nothing, whatever it may: from where it calls, or as what. `undefined` where it doesn't. */
export function barred(
  { from }: Pick<Caller, "from">,
  role: MemberRole | undefined,
  policy: Values | undefined,
): Finding | undefined {
  if (policy === undefined) return undefined;
  return judge(policy, { action: "call", from, role }).findings.find(({ kind }) => kind === "deny");
}
