import { either, most } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const retentionTrashDays: Rule<"retention.trash_days"> = {
  unset: null,
  meet: most,
};

export const retentionVersionsKeep: Rule<"retention.versions_keep"> = {
  unset: null,
  meet: most,
};

export const retentionLegalHold: Rule<"retention.legal_hold"> = {
  unset: false,
  meet: either,
  judge(held, act) {
    if (act.action !== "delete" || !held) return undefined;
    return { kind: "deny", given: "delete", passes: "Wait until the hold is lifted" };
  },
};
