import { either, most } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const retentionTrashDays: Rule<"retention.trash_days"> = {
  unset: null,
  meet: most,
  stricter: "the larger",
  existing: "What is in the trash stays as long as it was to.",
};

export const retentionVersionsKeep: Rule<"retention.versions_keep"> = {
  unset: null,
  meet: most,
  stricter: "the larger",
  existing: "Old versions that are kept are kept by the new number.",
};

export const retentionLegalHold: Rule<"retention.legal_hold"> = {
  unset: false,
  meet: either,
  stricter: "`true`",
  existing:
    "Nothing is deleted, replaced for good or purged while it is `true`, and what is in the trash stays there.",
  judge(held, act) {
    if (act.action !== "delete" || !held) return undefined;
    return { kind: "deny", given: "delete", passes: "Wait until the hold is lifted" };
  },
};
