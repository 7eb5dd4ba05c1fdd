import { both } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const accessGuests: Rule<"access.guests"> = {
  unset: true,
  meet: both,
  judge(allowed, act) {
    if (allowed) return undefined;
    if (act.action === "give_role" && act.role === "guest")
      return { kind: "deny", given: "guest", passes: "Give the role member, admin or owner" };
    if (act.action !== "call" || (act.role !== "guest" && act.role !== undefined)) return undefined;
    return { kind: "deny", given: act.role ?? "no member", passes: "Become a member of the organization" };
  },
};
