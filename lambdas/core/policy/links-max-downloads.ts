import { either } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const linksMaxDownloads: Rule<"links.max_downloads_required"> = {
  unset: false,
  meet: either,
  judge(required, act) {
    if (act.action !== "create_share" || !required || act.has_max_downloads === true) return undefined;
    return { kind: "deny", given: null, passes: "Send max_downloads" };
  },
};
