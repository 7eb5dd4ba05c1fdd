import { least } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const uploadsMaxBytes: Rule<"uploads.max_bytes"> = {
  unset: null,
  meet: least,
  judge(max, act) {
    if (act.action !== "upload" || act.size === undefined || max === null || act.size <= max)
      return undefined;
    return { kind: "deny", given: act.size, passes: `Send a file of ${max} bytes or less` };
  },
};
