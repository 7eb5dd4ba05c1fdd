import fc from "fast-check";
import { expect, test } from "vitest";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";

test("a cursor goes on where its list stopped, whatever the name", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 120 }), fc.string(), (last, list) => {
      const cursor = cursorAfter(list, last);
      expect(cursor).toMatch(/^[\w-]+$/);
      expect(readCursor(list, cursor)).toBe(last);
    }),
  );
  expect(readCursor("list", undefined)).toBeUndefined();
});

test("any other text is refused", () => {
  const foreign = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.string({ minLength: 1 }).map((last) => cursorAfter("another list", last)),
    fc.constantFrom(
      cursorAfter("list", ""),
      cursorAfter("list", "x".repeat(256)),
      Buffer.from("[1,2]").toString("base64url"),
      Buffer.from("null").toString("base64url"),
    ),
  );
  fc.assert(
    fc.property(foreign, (cursor) => {
      expect(() => readCursor("list", cursor)).toThrow("not one that this list gave");
    }),
  );
});
