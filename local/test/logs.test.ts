import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createLogs } from "../lambda/logs.ts";
import { temporaryDirectory } from "./fixture.ts";

const line = (text: string) => ({ time: 0, function: "F", requestId: undefined, text });

test("a file that can't be written is told of once, ends nothing, and is written again when it can be", () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => told.mockRestore());
  const file = join(temporaryDirectory(), "log.jsonl");
  mkdirSync(file); // as good as a full disk
  const logs = createLogs({ file });
  for (const text of ["one", "two"]) {
    logs.write(line(text));
    logs.flush();
  }
  expect(told).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/log\.jsonl: EISDIR/));
  rmSync(file, { recursive: true });
  logs.write(line("three"));
  logs.flush();
  expect(logs.lines().map(({ text }) => text)).toEqual(["one", "two", "three"]);
  expect(readFileSync(file, "utf8")).toMatch(/^\{.*"text":"three"\}\n$/);
});

test("the file begins anew past its size", () => {
  const file = join(temporaryDirectory(), "log.jsonl");
  const logs = createLogs({ file, maxBytes: 100 });
  for (const text of ["a", "b"]) {
    logs.write(line(text.repeat(40)));
    logs.flush();
  }
  expect(readFileSync(`${file}.1`, "utf8")).toContain("aaaa");
  expect(readFileSync(file, "utf8")).toContain("bbbb");
});
