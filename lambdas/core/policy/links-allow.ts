import { later } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const linksAllow: Rule<"links.allow"> = {
  unset: "anyone",
  meet: later(["anyone", "organization", "nobody"] as const),
  judge(value, act) {
    if (act.action === "create_share" && value === "nobody")
      return { kind: "deny", given: "create_share", passes: "Nobody makes links here; grant access instead" };
    if (act.action !== "open_share" || value === "anyone" || (value === "organization" && act.is_member))
      return undefined;
    const passes =
      value === "nobody"
        ? "No link opens here; ask whoever sent it for access"
        : "Open it with a token of a member of the organization";
    return { kind: "deny", given: act.is_member ? "organization" : "anyone", passes };
  },
};
