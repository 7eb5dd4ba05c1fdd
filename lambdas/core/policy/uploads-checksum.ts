import { either } from "./meets.ts";
import type { Rule } from "./rule.ts";

export const uploadsRequireChecksum: Rule<"uploads.require_checksum"> = {
  unset: false,
  meet: either,
  judge(required, act) {
    if (act.action !== "upload" || !required || act.has_checksum !== false) return undefined;
    return {
      kind: "deny",
      given: null,
      passes: "Send a checksum of the whole file: crc32, crc32c or sha256",
    };
  },
};
