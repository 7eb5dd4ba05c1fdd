import { expect, test } from "vitest";
import { WharfError } from "#core/kernel/error.ts";

test("what an error tells beside its detail is what its code has, or doesn't compile", () => {
  const open = { open: 3, max: 3, retry_after_seconds: 60 };
  expect(new WharfError("session_limit", "", open).headers).toEqual({ "Retry-After": "60" });
  // @ts-expect-error no member of the code
  new WharfError("session_limit", "", { ...open, colour: "red" });
  // @ts-expect-error one that is always told is left out
  new WharfError("session_limit", "");
  // @ts-expect-error a code without members
  new WharfError("not_found", "", { retry_after_seconds: 1 });
});
