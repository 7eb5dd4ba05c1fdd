/** By which keys somebody acts in an organization that was handed over, row by row: random worlds seldom come there. */
import { ulid } from "ulid";
import { expect, test } from "vitest";
import { actsByKept, NEVER_HANDED_OVER, type OrganizationNow } from "#core/access/organization-now.ts";

const HANDED = Date.UTC(2026, 0, 1);
const key = (at: number) => `key_${ulid(at)}`;
const before = key(HANDED - 60_000);
const keptBefore = key(HANDED - 59_000);
const since = key(HANDED + 60_000);
const now: OrganizationNow = {
  epoch: 1,
  handed_ms: HANDED,
  kept: { cli_kept: 0, [keptBefore]: 1 },
};

test.each([
  ["a member that was kept, by a secret", "cli_kept", undefined, true],
  ["a member that was kept, by a key that was kept", "cli_kept", [keptBefore], true],
  ["a member that was kept, by a key that wasn't", "cli_kept", [before], false],
  ["a member that was kept, by a new key", "cli_kept", [since], true],
  [
    "a member that was kept, by a new key that one that was kept has made",
    "cli_kept",
    [since, keptBefore],
    true,
  ],
  ["a member that was kept, by a new key that one that wasn't has made", "cli_kept", [since, before], false],
  ["the same, said in the other order", "cli_kept", [before, since], false],
  ["who came since, by a key from before", "cli_new", [before], true],
  ["who came since, by a new key", "cli_new", [since], true],
])("%s", (_, id, means, isGood) => {
  expect(actsByKept({ id, means }, now)).toBe(isGood);
});

test("in an organization that was never handed over, whatever key is good", () => {
  expect(actsByKept({ id: "cli_kept", means: [before] }, NEVER_HANDED_OVER)).toBe(true);
});
