/** What each block of the guides is. `test/slow/guides.test.ts` runs those that are to be run. */
import { describe, expect, test } from "vitest";
import { NOT_RUN, pages, SHOWN } from "#test/support/guide-blocks.ts";

describe.each(pages.filter(({ blocks }) => blocks.length > 0))("$page", ({ page, blocks }) => {
  test("says of each block what it is", () => {
    for (const { line, language, why, code } of blocks) {
      const known = language === "sh" ? why === undefined || why in NOT_RUN : SHOWN.includes(language);
      expect([`${page}:${line}`, known]).toEqual([`${page}:${line}`, true]);
      if (language !== "sh") continue;
      // What fails says so, and nothing that isn't a value stands where one belongs.
      expect(code).not.toMatch(/curl (-\w*f|--fail\b)|curl -\w*s(?!\w*S)\b/);
      if (why === undefined) expect(code).not.toMatch(/…|<\w+>/);
    }
  });
});
