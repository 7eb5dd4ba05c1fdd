import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@wharf/local-cloud/test/fixture.ts";
import { expect, test } from "vitest";
import { readStoredClient } from "#start/stored-client.ts";

const CLIENT = { client_id: "id", client_secret: "words" };
const WAY_OUT = "Put it back from a backup, or delete it: the next start makes a new client";
const TEXT = JSON.stringify(CLIENT);

test("what an earlier start wrote is read, and nothing before the first", () => {
  const file = join(temporaryDirectory(), "client.json");
  expect(readStoredClient(file)).toBeUndefined();
  writeFileSync(file, TEXT);
  expect(readStoredClient(file)).toEqual(CLIENT);
});

test.each([
  ["empty", "", "is empty"],
  ["halved", TEXT.slice(0, TEXT.length / 2), "is cut off or otherwise no JSON"],
  ["garbage", "~".repeat(100), "is cut off or otherwise no JSON"],
  ["without id", JSON.stringify({ ...CLIENT, client_id: "" }), "lacks what it must hold (client_id)"],
  [
    "without secret",
    JSON.stringify({ ...CLIENT, client_secret: "" }),
    "lacks what it must hold (client_secret)",
  ],
])("%s: the start says what is wrong and the way out", (_, text, why) => {
  const file = join(temporaryDirectory(), "client.json");
  writeFileSync(file, text);
  expect(() => readStoredClient(file)).toThrow(`${file} ${why}. ${WAY_OUT}`);
});

test("a directory in its place", () => {
  const file = join(temporaryDirectory(), "client.json");
  mkdirSync(file);
  expect(() => readStoredClient(file)).toThrow(`${file} is a directory where a file must be. ${WAY_OUT}`);
});

test("unreadable: the start says who can't read what", () => {
  const NOBODY = 65_534;
  const dir = temporaryDirectory();
  const file = join(dir, "client.json");
  writeFileSync(file, TEXT);
  const isRoot = process.geteuid?.() === 0;
  // Root may read everything.
  if (isRoot) for (const path of [dir, file]) chownSync(path, NOBODY, NOBODY);
  chmodSync(file, 0o000);
  if (isRoot) chmodSync(join(dir, ".."), 0o711);
  try {
    if (isRoot) process.seteuid?.(NOBODY);
    expect(() => readStoredClient(file)).toThrow(/client\.json.*EACCES.*backup/);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
