import { describe, expect, test } from "vitest";
import { classifyOutcome, parseRetryAfter } from "#core/attempts/classify-outcome.ts";

const now = Date.UTC(2026, 0, 1, 12, 0, 0);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("the table of outcomes", () => {
  const retry = { ok: false };
  const busy = { ok: false, minDelayMs: MINUTE };
  test.each([
    [200, {}, { ok: true }],
    [204, {}, { ok: true }],
    [299, {}, { ok: true }],
    [101, {}, retry],
    [301, { location: "https://elsewhere.example" }, retry],
    [307, {}, retry],
    [304, {}, retry],
    [400, {}, retry],
    [404, {}, retry],
    [500, {}, retry],
    [599, {}, retry],
    [410, {}, { ok: false, disable: "gone" }],
    [410, { "retry-after": "5" }, { ok: false, disable: "gone" }],
    [200, { "webhook-delivery": "disable" }, { ok: true, disable: "asked" }],
    [503, { "webhook-delivery": " Disable " }, { ok: false, disable: "asked" }],
    [200, { "webhook-delivery": "keep" }, { ok: true }],
    [429, {}, busy],
    [502, {}, busy],
    [504, {}, busy],
    [503, {}, retry],
    [502, { "retry-after": "5" }, busy],
    [429, { "retry-after": "5" }, { ok: false, retryAfterMs: 5_000, minDelayMs: 5_000, pauseMs: 5_000 }],
    [503, { "retry-after": "0" }, { ok: false, retryAfterMs: 0, minDelayMs: 0, pauseMs: 0 }],
    [
      503,
      { "retry-after": "7200" },
      { ok: false, retryAfterMs: 2 * HOUR, minDelayMs: 2 * HOUR, pauseMs: HOUR },
    ],
    [
      429,
      { "retry-after": "999999" },
      { ok: false, retryAfterMs: 999_999_000, minDelayMs: 24 * HOUR, pauseMs: HOUR },
    ],
    [
      503,
      { "retry-after": "Thu, 01 Jan 2026 12:10:00 GMT" },
      { ok: false, retryAfterMs: 10 * MINUTE, minDelayMs: 10 * MINUTE, pauseMs: 10 * MINUTE },
    ],
    [
      503,
      { "retry-after": "9".repeat(40) },
      { ok: false, retryAfterMs: 9_999_999_999_000, minDelayMs: 24 * HOUR, pauseMs: HOUR },
    ],
    [
      429,
      { "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" },
      { ok: false, retryAfterMs: 251_635_031_999_000, minDelayMs: 24 * HOUR, pauseMs: HOUR },
    ],
    [
      429,
      { "retry-after": ["7", "9"] },
      { ok: false, retryAfterMs: 7_000, minDelayMs: 7_000, pauseMs: 7_000 },
    ],
    [429, { "retry-after": "soon" }, busy],
    [500, { "retry-after": "60" }, retry],
  ])("%i %o", (status, headers, verdict) => {
    expect(classifyOutcome({ status, headers }, now)).toEqual(verdict);
  });

  test.each([
    ["timeout", busy],
    ["dns", retry],
    ["connect", retry],
    ["tls", retry],
    ["reset", retry],
    ["protocol", retry],
    ["egress_blocked", retry],
  ] as const)("no answer: %s", (error_class, verdict) => {
    expect(classifyOutcome({ error_class }, now)).toEqual(verdict);
  });
});

describe("Retry-After", () => {
  test.each([
    ["120", 120_000],
    [" 120 ", 120_000],
    ["Thu, 01 Jan 2026 12:02:00 GMT", 120_000],
    ["Thursday, 01-Jan-26 12:02:00 GMT", 120_000],
    ["Thu Jan  1 12:02:00 2026", 120_000],
    ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
    ["-5", undefined],
    ["+5", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["5; 6", undefined],
    ["\u0665", undefined],
    ["00060", 60_000],
    ["Thu, 99 Foo 2026 12:02:00 GMT", undefined],
    ["2026-01-01T12:02:00Z", undefined],
    ["12 pm", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s", (value, ms) => {
    expect(parseRetryAfter(value, now)).toBe(ms);
  });
});
