import { least } from "./meets.ts";
import type { Rule } from "./rule.ts";

const DAY = 86_400;

export const accessKeyMaxTtl: Rule<"access.key_max_ttl_days"> = {
  unset: null,
  meet: least,
  judge(days, act) {
    if (act.action !== "create_key" || days === null || act.ttl_seconds <= days * DAY) return undefined;
    return { kind: "deny", given: act.ttl_seconds / DAY, passes: `Have it end within ${days} days` };
  },
};
