/** A route answers with the status that its contract has of a success. */
import { describe, expect, it } from "vitest";
import { successOf } from "#contract/route.ts";

const route = (...statuses: number[]) => ({
  id: "aRoute",
  responses: Object.fromEntries(statuses.map((status) => [status, { description: "" }])),
});

describe("a route's success", () => {
  it.each([
    ["its only answer", [201], 201],
    ["its only 2xx", [201, 307], 201],
    ["its only 2xx beside 207", [201, 207], 201],
    ["the redirect that is all it answers", [302], 302],
  ])("is %s", (_, statuses, success) => expect(successOf(route(...statuses))).toBe(success));

  it.each([[[200, 204]], [[302, 307]], [[]]])(
    "is refused where it could be several or none: %j",
    (statuses) => expect(() => successOf(route(...statuses))).toThrow("aRoute has no one status of success"),
  );
});
