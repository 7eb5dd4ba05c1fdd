import { isAllowed } from "#contract/content.ts";
import { overlap, union } from "./meets.ts";
import type { Act, Rule } from "./rule.ts";

/** Whether all media types that the second pattern means are of the first. */
const covers = (wide: string, narrow: string) => wide === narrow || isAllowed(narrow, [wide]);

/** What an upload is: as it is called, and as its bytes are, where that is known. */
const typesOf = ({ type, sniffed }: Extract<Act, { action: "upload" }>) =>
  [type, sniffed].filter((one) => one !== undefined);

export const uploadsAllowedTypes: Rule<"uploads.allowed_types"> = {
  unset: null,
  meet: overlap(covers),
  judge(allowed, act) {
    if (act.action !== "upload" || allowed === null || act.type === undefined) return undefined;
    const given = act.contradicts ?? (isAllowed(act.type, allowed) ? undefined : act.type);
    if (given === undefined) return undefined;
    return {
      kind: "deny",
      given,
      passes: `Send a file that is ${allowed.join(" or ") || "nothing: no type is allowed"}`,
    };
  },
};

export const uploadsDeniedTypes: Rule<"uploads.denied_types"> = {
  unset: [],
  meet: union,
  judge(denied, act) {
    if (act.action !== "upload") return undefined;
    const given = typesOf(act).find((type) => isAllowed(type, denied));
    if (given === undefined) return undefined;
    return { kind: "deny", given, passes: `Send a file that is not ${denied.join(" or ")}` };
  },
};
