/** A key's claim is a lease: kept while its function works, free soon after that has died. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Caller } from "#core/kernel/call.ts";
import { beginIdempotent } from "#core/kernel/idempotency.ts";
import { NO_RIGHTS } from "#core/kernel/rights.ts";
import { eventually } from "#test/support/eventually.ts";
import { startWorld, type World } from "#test/support/world.ts";

const SECOND = 1_000;
const KEEP_MS = 86_400 * SECOND;
const caller: Caller = {
  id: "cli_1",
  name: "ci",
  scopes: new Set(),
  default_workspace: "ws_1",
  workspaces: {},
  rights: NO_RIGHTS,
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const begin = (key: string) => beginIdempotent(world.deps, { caller, key, request: "same", status: 201 });
const inProgress = { code: "idempotency_in_progress" };
const claimOf = async () => {
  const claims = (await world.dump()).flatMap(({ claimed_until_ms: until }) =>
    until ? [Number(until)] : [],
  );
  return Math.max(...claims);
};

test("a claim lives as long as its function, and not much longer", async () => {
  const startClock = world.stopClock();
  const first = await begin("key");
  const until = await claimOf();
  world.advance(4 * SECOND);
  await eventually(async () => expect(await claimOf()).toBeGreaterThan(until));
  world.advance(4 * SECOND);
  await expect(begin("key")).rejects.toMatchObject({ ...inProgress, facts: { retry_after_seconds: 1 } });
  first.end();
  world.advance(SECOND);
  const second = await begin("key");
  // What the first one still does has no effect.
  const answered = { status: 201, body: {} };
  await expect(world.deps.table.transact(first.record(answered.body))).rejects.toThrow();
  await expect(first.release()).rejects.toMatchObject(inProgress);
  await world.deps.table.transact(second.record(answered.body));
  second.end();
  expect(await begin("key")).toMatchObject({ replay: answered });
  startClock();
});

test("an answer is repeated with the status that it had, whatever the contract says by then", async () => {
  const asked = { caller, key: "of before", request: "same" };
  const before = await beginIdempotent(world.deps, { ...asked, status: 200 });
  await world.deps.table.transact(before.record({ id: 1 }));
  before.end();
  const after = await beginIdempotent(world.deps, { ...asked, status: 201 });
  expect(after.replay).toEqual({ status: 200, body: { id: 1 }, lacking: [] });
});

test("the table's record tells nobody who guesses what the request said", async () => {
  const request = (password: string) => ({ route: "createShare", params: {}, body: { password } });
  const key = "0123456789abcdef0123456789abcdef";
  const made = await beginIdempotent(world.deps, { caller, key, request: request("hunter2"), status: 201 });
  made.end();
  const text = JSON.stringify(await world.dump());
  for (const guess of ["letmein", "hunter2"]) {
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      const digest = createHash("sha256")
        .update(JSON.stringify(request(guess)))
        .digest(encoding);
      expect(text).not.toContain(digest);
    }
  }
  // The same request under another key leaves another mark.
  const other = await beginIdempotent(world.deps, {
    caller,
    key: `${key}0`,
    request: request("hunter2"),
    status: 201,
  });
  other.end();
  const marks = (await world.dump()).flatMap((item) => (item["request"] ? [item["request"]] : []));
  expect(new Set(marks).size).toBe(marks.length);
  const repeated = beginIdempotent(world.deps, { caller, key, request: request("letmein"), status: 201 });
  await expect(repeated).rejects.toMatchObject({ code: "idempotency_mismatch" });
});

test("a claim that was given up stays so, whatever comes late of it, and whatever clocks say", async () => {
  const other = (key: string) =>
    beginIdempotent(world.deps, { caller, key, request: "corrected", status: 201 });
  world.setFault(({ action }) =>
    action === "PutItem" ? { late: { afterMs: KEEP_MS }, answered: true } : undefined,
  );
  const first = await begin("given up");
  world.setFault();
  first.end();
  await first.release();
  await world.late.flush();
  // Its function's clock was ahead.
  world.advance(-2 * SECOND);
  const corrected = await other("given up");
  corrected.end();
  world.advance(2 * SECOND);
  await expect(begin("given up")).rejects.toMatchObject({ code: "idempotency_mismatch" });
  const answered = { status: 201, body: {} };
  await world.deps.table.transact(corrected.record(answered.body));
  expect(await other("given up")).toMatchObject({ replay: answered });
});

test("a release that is sent twice is one", async () => {
  const first = await begin("released twice");
  first.end();
  world.setFault(({ action }) => (action === "UpdateItem" ? "twice" : undefined));
  await first.release();
  world.setFault();
  const again = await begin("released twice");
  again.end();
  await again.release();
});
