import { either } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const linksRequirePassword: Rule<"links.require_password"> = {
  unset: false,
  meet: either,
  judge(required, act) {
    if (act.action !== "create_share" || !required || act.has_password === true) return undefined;
    return { kind: "deny", given: null, passes: "Send a password" };
  },
};
