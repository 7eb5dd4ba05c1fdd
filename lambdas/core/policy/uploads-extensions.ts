import { union } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const uploadsDeniedExtensions: Rule<"uploads.denied_extensions"> = {
  unset: [],
  meet: union,
  judge(denied, act) {
    if (act.action !== "upload" || denied.length === 0) return undefined;
    // Windows goes by the last of `a.txt.exe`, Apache by any.
    const [, ...extensions] = act.name.toLowerCase().split(".");
    const given = extensions.map((one) => one.trim()).find((one) => denied.includes(one));
    if (given === undefined) return undefined;
    return {
      kind: "deny",
      given,
      passes: `Send it under a name without ${denied.map((one) => `.${one}`).join(", ")}`,
    };
  },
};
