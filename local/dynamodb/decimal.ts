/** DynamoDB's numbers: decimals of up to 38 significant digits, kept as text, compared and added exactly. */
import { validationError } from "./errors.ts";

/** `sign` × d.ddd × 10^`magnitude`, where `digits` has neither leading nor trailing zeros ("" is zero). */
interface Decimal {
  sign: -1 | 0 | 1;
  digits: string;
  magnitude: number;
}

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;
const PLAIN_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;
const MAX_DIGITS = 38; // DynamoDB: 38 digits of precision
const MAX_MAGNITUDE = 125; // DynamoDB: up to 9.99…E+125
const MIN_MAGNITUDE = -130; // DynamoDB: down to 1E-130

const ZERO: Decimal = { sign: 0, digits: "", magnitude: 0 };

/** Reads a number. Throws `ValidationException` outside DynamoDB's precision or range. */
function parseDecimal(text: string): Decimal {
  const match = PATTERN.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (!match || whole + fraction === "") {
    const detail = text === "" ? "" : `: ${text}`;
    throw validationError(`The parameter cannot be converted to a numeric value${detail}`);
  }
  const all = whole + fraction;
  const first = all.search(/[1-9]/);
  if (first < 0) return ZERO;
  return inRange({
    sign: match[1] === "-" ? -1 : 1,
    digits: withoutZeros(all.slice(first)),
    magnitude: Number(match[4] ?? 0) + whole.length - 1 - first,
  });
}

/** Without zeros at the end, in one pass: a number may come with as many digits as a request holds. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

function inRange(value: Decimal): Decimal {
  if (value.magnitude > MAX_MAGNITUDE) {
    throw overflow();
  }
  if (value.magnitude < MIN_MAGNITUDE) {
    throw validationError(
      "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    );
  }
  if (value.digits.length > MAX_DIGITS) {
    throw validationError("Attempting to store more than 38 significant digits in a Number");
  }
  return value;
}

function overflow() {
  return validationError(
    "Number overflow. Attempting to store a number with magnitude larger than supported range",
  );
}

/** Writes a number without an exponent, as DynamoDB answers it. */
function formatDecimal({ sign, digits, magnitude }: Decimal): string {
  if (sign === 0) return "0";
  const point = magnitude + 1;
  let text = "";
  if (point <= 0) text = `0.${"0".repeat(-point)}${digits}`;
  else if (point >= digits.length) text = digits + "0".repeat(point - digits.length);
  else text = `${digits.slice(0, point)}.${digits.slice(point)}`;
  return sign < 0 ? `-${text}` : text;
}

/** The one spelling of a number, so that equal numbers are equal text. */
export function canonicalNumber(text: string): string {
  return PLAIN_INTEGER.test(text) ? text : formatDecimal(parseDecimal(text));
}

/** Orders two numbers: negative, zero or positive. */
export function compareNumbers(left: string, right: string): number {
  if (PLAIN_INTEGER.test(left) && PLAIN_INTEGER.test(right)) return Number(left) - Number(right);
  const a = parseDecimal(left);
  const b = parseDecimal(right);
  if (a.sign !== b.sign) return a.sign - b.sign;
  if (a.magnitude !== b.magnitude) return (a.magnitude - b.magnitude) * a.sign;
  // Both start at the same power of ten, so their digits order like words.
  return (a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0) * a.sign;
}

/** Adds exactly. Throws `ValidationException` when the sum needs more digits than DynamoDB has. */
export function addNumbers(left: string, right: string): string {
  const a = parseDecimal(left);
  const b = parseDecimal(right);
  const scale = Math.min(lastPower(a), lastPower(b));
  const sum = scaled(a, scale) + scaled(b, scale);
  if (sum === 0n) return "0";
  const all = (sum < 0n ? -sum : sum).toString();
  const digits = withoutZeros(all);
  if (digits.length > MAX_DIGITS) throw overflow(); // what DynamoDB says of lost precision, too
  return formatDecimal(inRange({ sign: sum < 0n ? -1 : 1, digits, magnitude: scale + all.length - 1 }));
}

/** Subtracts exactly; throws like `addNumbers`. */
export function subtractNumbers(left: string, right: string): string {
  return addNumbers(left, right.startsWith("-") ? right.slice(1) : `-${right}`);
}

/** Power of ten of the last digit. */
function lastPower(value: Decimal): number {
  return value.sign === 0 ? 0 : value.magnitude - value.digits.length + 1;
}

function scaled(value: Decimal, scale: number): bigint {
  if (value.sign === 0) return 0n;
  return BigInt(value.sign) * BigInt(value.digits) * 10n ** BigInt(lastPower(value) - scale);
}

/** Bytes whose order is the order of numbers, for key columns. */
export function encodeNumber(text: string): Buffer {
  const { sign, digits, magnitude } = parseDecimal(text);
  if (sign === 0) return Buffer.of(0x80);
  const exponent = magnitude - MIN_MAGNITUDE; // 0 … 255
  if (sign > 0) return Buffer.concat([Buffer.of(0x81, exponent), Buffer.from(digits, "latin1")]);
  // Negative numbers run backwards: every byte is mirrored, and an end mark orders -1.2 after -1.23.
  const mirrored = Buffer.from(digits, "latin1").map((byte) => 0xff - byte);
  return Buffer.concat([Buffer.of(0x7f, 0xff - exponent), mirrored, Buffer.of(0xff)]);
}

/** Bytes that a number counts in an item's size: about one for two significant digits, and one more. */
export function numberSize(text: string): number {
  const { sign, digits } = parseDecimal(text);
  return Math.ceil(digits.length / 2) + 1 + (sign < 0 ? 1 : 0);
}
