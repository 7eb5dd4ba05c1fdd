import { expect, test } from "vitest";
import { hints } from "#start/hints.ts";

test.each([
  [["o/ws_1/upl_1"], "object", "GET /v1/uploads/upl_1 tells which file it is"],
  [["o/ws_1/upl_1", "o/ws_1/upl_2"], "part", "GET /v1/uploads/upl_… tells which are left"],
  [["a", "o/ws_1/upl_1"], "object", "GET /v1/uploads/upl_… tells which file it is"],
  [["a", "b"], "object", undefined],
] as const)("%j that lack bytes of an %s", (keys, of, said) => {
  expect(hints.missingBytes(keys, of)).toBe(said);
});
