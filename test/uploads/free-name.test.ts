import fc from "fast-check";
import { expect, test } from "vitest";
import { nameProblem } from "#contract/names.ts";
import { numberedName } from "#core/tree/free-name.ts";

test.each([
  ["q3.pdf", "q3 (1).pdf"],
  ["q3.tar.gz", "q3.tar (1).gz"],
  ["README", "README (1)"],
  [".env", ".env (1)"],
])("%s → %s", (name, expected) => {
  expect(numberedName(name, 1)).toBe(expected);
});

test("a name is cut between characters, never behind a joiner", () => {
  for (let length = 225; length <= 240; length++) {
    const numbered = numberedName(`${"x".repeat(length)}👩‍💻.pdf`, 1);
    expect([numbered, nameProblem(numbered)]).toEqual([numbered, undefined]);
  }
});

test.each([
  ["a family", "👨‍👩‍👧"],
  ["a vowel sign", "की"],
  ["marks", "e\u0301\u0323"],
  ["a flag", "🇩🇪"],
])("what people take for one character stays whole: %s", (_, character) => {
  for (let length = 200; length <= 240; length++) {
    const numbered = numberedName(`${"x".repeat(length)}${character.repeat(9)}.pdf`, 1);
    expect(numbered).toMatch(new RegExp(`^x+(?:${character})* \\(1\\)\\.pdf$`, "u"));
  }
});

test("a name is cut before a flag's tags, and before a mark that a joiner needs", () => {
  const flag = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";
  for (let length = 200; length <= 240; length++)
    for (const end of [flag, "ی\u200c\u064e\u064eخ"]) {
      const numbered = numberedName(`${"x".repeat(length)}${end}.pdf`, 1);
      expect([numbered, nameProblem(numbered)]).toEqual([numbered, undefined]);
    }
});

test.each([
  ["an extension that leaves no room", `👩.${"x".repeat(250)}`, 255, "👩 (1)"],
  ["a stem that may not be cut to its first", "..name.txt", 13, "_ (1).txt"],
  ["room for a part", "report.txt", 15, "rep (1).txt"],
])("%s: %s, in %i bytes", (_, name, most, expected) => {
  expect(numberedName(name, 1, most)).toBe(expected);
});

test("a number makes any name another, and never one that is not allowed", () => {
  const names = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 255 })
    .filter((name) => nameProblem(name) === undefined);
  fc.assert(
    fc.property(
      names,
      fc.integer({ min: 1, max: 99_999 }),
      fc.integer({ min: 1, max: 255 }),
      (name, number, most) => {
        const numbered = numberedName(name, number, most);
        expect(nameProblem(numbered)).toBeUndefined();
        expect(numbered).toContain(` (${number})`);
      },
    ),
  );
});
