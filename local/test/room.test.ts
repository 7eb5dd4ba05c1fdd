import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { keepRoom } from "../data/room.ts";
import { openDatabase } from "../dynamodb/database.ts";
import { temporaryDirectory } from "./fixture.ts";

const COUNT = "SELECT count(*) AS count FROM request_tokens";
const INSERT = "INSERT INTO request_tokens VALUES (?, ?, 0)";

test("a write that finds a database full is made again, whole, with what was kept back", () => {
  const dir = temporaryDirectory();
  const reserve = join(dir, "reserve");
  const said: string[] = [];
  const room = keepRoom(dir, (text) => {
    said.push(text);
    // The limit of the database stands for that of the disk: it grows as the reserve goes.
    db.run("PRAGMA max_page_count = 10000");
  });
  const db = openDatabase(dir, room);
  onTestFinished(db.close);
  expect(statSync(reserve).size).toBe(8 * 1024 * 1024);

  db.run("PRAGMA max_page_count = 20");
  db.transaction(() => {
    db.run(INSERT, "first", "x");
    db.run(INSERT, "second", "x".repeat(200_000));
  });
  expect(db.get(COUNT)).toEqual({ count: 2 });
  expect(existsSync(reserve)).toBe(false);
  expect(said).toEqual([
    expect.stringMatching(/^the disk is full: uploads are refused until 16 MiB are free/),
  ]);

  // There is room on this disk, so that the next upload is let in.
  room.admit();
  expect(existsSync(reserve)).toBe(true);
  expect(said).toHaveLength(2);
});

test("a database that stays full says so", () => {
  const dir = temporaryDirectory();
  const room = keepRoom(dir, () => {});
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  database.exec("CREATE TABLE t (x); PRAGMA max_page_count = 3");
  const write = () => database.prepare("INSERT INTO t VALUES (zeroblob(100000))").run();
  expect(() => room.commit(write)).toThrow(expect.objectContaining({ errcode: 13 }));
  rmSync(dir, { recursive: true });
});
