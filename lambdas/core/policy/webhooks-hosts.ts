import { overlap } from "./meets.ts";
import type { Rule } from "./rule.ts";

/** Whether a host, or all below one, is what the first pattern means. `*.example.com` is not example.com itself. */
function covers(wide: string, narrow: string): boolean {
  return wide === narrow || (wide.startsWith("*.") && narrow.replace(/^\*/, "").endsWith(wide.slice(1)));
}

export const webhooksAllowedHosts: Rule<"webhooks.allowed_hosts"> = {
  unset: null,
  meet: overlap(covers),
  judge(hosts, act) {
    if (act.action !== "register_webhook" || hosts === null) return undefined;
    const { host } = act;
    if (hosts.some((one) => covers(one, host))) return undefined;
    return {
      kind: "deny",
      given: host,
      passes: `Choose a URL at ${hosts.join(" or ") || "none: no host is allowed"}`,
    };
  },
};
