/** Lines of requests and of logs: read by people, and by nobody else. */
import { expect, test } from "vitest";
import { readEntry, showEntry } from "#start/log-entry.ts";
import { requestLine } from "#start/request-line.ts";

const answered = { time: 0, method: "GET", target: "/", status: 200, ms: 1.6, requestId: "r" };

test.each([
  ["/v1/files?limit=2&cursor=abc", "/v1/files?limit=2&cursor=abc"],
  ["/s/abcdef", "/s/…"],
  ["/prod/s/abc-_def?download=1", "/prod/s/…?download=1"],
  [
    "/v1/x?access_token=a&password=b&X-Amz-Signature=c&X-Amz-Credential=d&a=e",
    "/v1/x?access_token=…&password=…&X-Amz-Signature=…&X-Amz-Credential=…&a=e",
  ],
  ["/v1/\u001b[31mred\u009b", "/v1/red?"],
  [`/${"x".repeat(300)}`, `/${"x".repeat(98)}…`],
])("%j is shown as %j", (target, shown) => {
  expect(requestLine({ ...answered, target })).toMatch(/^\d\d:\d\d:\d\d {2}GET {4}/);
  expect(requestLine({ ...answered, target }).slice(17)).toBe(`${shown}  200  2 ms  r`);
});

test("a client that hung up has no status", () => {
  expect(requestLine({ ...answered, status: undefined })).toContain("  hung up  ");
});

const line = (text: string) => JSON.stringify({ time: "2026-01-02T03:04:05.678Z", function: "Api1", text });

test.each([
  [
    line('{"level":"warn","function":"api","message":"m","request_id":"q","n":1,"o":{"p":2}}'),
    'WARN  api          m  n=1  o={"p":2}  q',
  ],
  [line("plain\nwords"), "INFO  Api1         plain\n    words"],
  [line("Task timed out after 3.00 seconds"), "ERROR Api1         Task timed out after 3.00 seconds"],
  [
    line('{"level":"info","function":"api","name":"\\u001b[2J\u202e"}'),
    "INFO  api          name=\\u001b[2J\\u202e",
  ],
])("the line %j", (text, shown) => {
  const entry = readEntry(text);
  expect(entry && showEntry(entry).slice(13)).toBe(shown);
});

test.each(["", "{", '{"time":"t"}', "null"])("%j is no line yet", (text) => {
  expect(readEntry(text)).toBeUndefined();
});
