import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addNumbers,
  canonicalNumber,
  compareNumbers,
  encodeNumber,
  numberSize,
  subtractNumbers,
} from "../dynamodb/decimal.ts";

const NINES = "9".repeat(38);

describe("canonical form", () => {
  test.each([
    ["0", "0"],
    ["-0", "0"],
    ["0e1000", "0"],
    ["+7", "7"],
    ["007.10", "7.1"],
    [".5", "0.5"],
    ["5.", "5"],
    ["1e3", "1000"],
    ["-1.50E-3", "-0.0015"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    [NINES, NINES],
    ["1E+125", `1${"0".repeat(125)}`],
    ["1e-130", `0.${"0".repeat(129)}1`],
  ])("%s is %s", (text, canonical) => {
    expect(canonicalNumber(text)).toBe(canonical);
    expect(canonicalNumber(canonical)).toBe(canonical);
  });

  test.each([
    ["", "cannot be converted to a numeric value"],
    [" 1", "cannot be converted to a numeric value:  1"],
    ["NaN", "cannot be converted to a numeric value: NaN"],
    ["Infinity", "cannot be converted"],
    ["1e", "cannot be converted"],
    [".", "cannot be converted"],
    ["0x10", "cannot be converted"],
    ["1e126", "Number overflow"],
    ["-1e126", "Number overflow"],
    ["1.0e100000000", "Number overflow"],
    ["1e-131", "Number underflow"],
    [`${NINES}9`, "more than 38 significant digits"],
  ])("%j is refused", (text, message) => {
    expect(() => canonicalNumber(text)).toThrow(message);
  });
});

describe("arithmetic", () => {
  test.each([
    ["0.1", "0.2", "0.3"],
    ["1", "10000000000000000000000", "10000000000000000000001"],
    [NINES, "1", `1${"0".repeat(38)}`],
    ["-5", "5", "0"],
    ["9007199254740993", "1", "9007199254740994"],
  ])("%s + %s = %s", (a, b, sum) => {
    expect(addNumbers(a, b)).toBe(sum);
    expect(subtractNumbers(sum, b)).toBe(a);
  });

  test.each([
    ["1e50", "1"],
    ["9e125", "9e125"],
  ])("%s + %s does not fit", (a, b) => {
    expect(() => addNumbers(a, b)).toThrow("Number overflow");
  });
});

test("sizes follow the digits", () => {
  expect(["0", "7", "42", "-42", "1000", "1.5"].map(numberSize)).toEqual([1, 2, 2, 3, 2, 2]);
});

describe("properties", () => {
  const SCALE = 20n; // exponents from -20 up
  const MOST = 10n ** 17n; // a sum has up to 18 digits before the point and 20 behind it: the 38 that there may be
  const number = fc
    .record({ coefficient: fc.bigInt(-MOST, MOST), exponent: fc.integer({ min: -20, max: 0 }) })
    .map(({ coefficient, exponent }) => ({
      text: `${coefficient}e${exponent}`,
      scaled: coefficient * 10n ** (SCALE + BigInt(exponent)),
    }));
  const sign = (value: bigint | number) => (value < 0 ? -1 : value > 0 ? 1 : 0);

  test("numbers compare like integers of the same scale", () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(sign(compareNumbers(a.text, b.text))).toBe(sign(a.scaled - b.scaled));
        expect(canonicalNumber(a.text) === canonicalNumber(b.text)).toBe(a.scaled === b.scaled);
      }),
    );
  });

  test("key bytes order like numbers", () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(Buffer.compare(encodeNumber(a.text), encodeNumber(b.text))).toBe(sign(a.scaled - b.scaled));
      }),
    );
  });

  test("sums and differences are exact", () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(addNumbers(a.text, b.text)).toBe(canonicalNumber(`${a.scaled + b.scaled}e-${SCALE}`));
        expect(subtractNumbers(a.text, b.text)).toBe(canonicalNumber(`${a.scaled - b.scaled}e-${SCALE}`));
      }),
    );
  });
});
