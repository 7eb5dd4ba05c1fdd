import { later } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const linksOnUpload: Rule<"links.on_upload"> = {
  unset: "always",
  meet: later(["always", "asked"] as const),
};
