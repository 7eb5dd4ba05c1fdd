/** What Wharf alone knows of damage that the local cloud finds. */
import type { Hints } from "@wharf/local-cloud";

export const hints = {
  lostMessages: "and the sweep sends what they lost",
  missingBytes(keys, of) {
    // Keys end in the id of the upload that they came by.
    const id = keys.map((key) => key.slice(key.lastIndexOf("/") + 1)).find((name) => name.startsWith("upl_"));
    if (id === undefined) return undefined;
    const what = of === "object" ? "which file it is" : "which are left";
    return `GET /v1/uploads/${keys.length === 1 ? id : "upl_…"} tells ${what}`;
  },
} satisfies Hints;
