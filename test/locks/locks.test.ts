import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { problem } from "#contract/common.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { tally } from "#core/kernel/last-count.ts";
import { batchAnswer, lockedProblem, lockGrant, lockState, renewAnswer } from "#core/locks/contract.ts";
import { MAX_CLIENT_LOCKS } from "#core/locks/limits.ts";
import { sweepLocks } from "#core/locks/sweep-locks.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const GRACE = 2_000;
const UNKNOWN = "file_01JZZZZZZZZZZZZZZZZZZZZZZZ";

let world: World;
let client: Client;
let id: string;
let files = 0;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
});
beforeEach(async () => {
  id = await newFile();
});
afterAll(() => world.close());

const newFile = (by: Client = client) => world.addFile(by, `file-${++files}.txt`);
const acquire = (json: unknown = {}, file = id, headers = {}) =>
  client.request(`/v1/files/${file}/lock`, { json, headers });
const granted = (json: unknown = {}, file = id) => read(lockGrant, acquire(json, file));
const renew = (lock_token: string, more = {}, headers: Record<string, string> = {}) =>
  client.request(`/v1/files/${id}/lock/renew`, { json: { lock_token, ...more }, headers });
const release = (token: string) =>
  client.request(`/v1/files/${id}/lock`, { method: "DELETE", headers: { "lock-token": token } });
const state = async () => read(lockState, client.request(`/v1/files/${id}/lock`));
const told = async (file = id) =>
  (await world.events())
    .filter((one) => one.file_id === file && one.type.startsWith("lock_"))
    .map(({ type, data }) => `${type} ${data["fencing_token"]}`);

describe("a grant", () => {
  test("says all that a holder needs, and stores no token", async () => {
    const answer = await acquire({ ttl_seconds: 90, reason: "rewriting", client: "agent-7" });
    expect(answer.status).toBe(201);
    const grant = await read(lockGrant, answer);
    const current = client.request(`/v1/files/${id}`);
    expect(grant).toMatchObject({ file_id: id, fencing_token: 1, renew_after_seconds: 30 });
    expect((await current).headers.get("etag")?.startsWith(`"${grant.version_id}.`)).toBe(true);
    expect(Date.parse(grant.expires_at) - Date.parse(grant.acquired_at)).toBe(90_000);
    expect(Buffer.from(grant.lock_token.slice(4), "base64url")).toHaveLength(32);
    expect(JSON.stringify(await world.dump())).not.toContain(grant.lock_token);
    expect(await state()).toMatchObject({
      locked: true,
      holder: { client_id: client.client_id, name: "agent-7" },
      reason: "rewriting",
      expires_at: grant.expires_at,
      fencing_token: 1,
    });
    expect(await told()).toEqual(["lock_acquired 1"]);
  });

  test("to another is refused with the facts, and names no secret", async () => {
    const grant = await granted({ client: "agent-7", reason: "rewriting" });
    const answer = await acquire();
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(299);
    expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(302);
    expect(await read(lockedProblem, answer)).toMatchObject({
      status: 423,
      code: "file_locked",
      file_id: id,
      holder: { client_id: client.client_id, name: "agent-7" },
      reason: "rewriting",
      acquired_at: grant.acquired_at,
      expires_at: grant.expires_at,
    });
    expect(await told()).toEqual(["lock_acquired 1"]);
  });

  test("goes to one of many who ask at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => acquire()));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(423)]);
    expect(await told()).toEqual(["lock_acquired 1"]);
  });

  test("works on a file as finalize leaves it, with fencing 0", async () => {
    await world.deps.table.update({
      blind: "seeded",
      key: keys.node(id),
      update: { set: { fencing: 0 } },
    });
    expect((await granted()).fencing_token).toBe(1);
  });

  test("is the same one for a repeated Idempotency-Key", async () => {
    const headers = { "idempotency-key": `key-${id}` };
    const [first, again] = [await acquire({}, id, headers), await acquire({}, id, headers)];
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
    expect(await refusal(acquire({ ttl_seconds: 60 }, id, headers))).toEqual([422, "idempotency_mismatch"]);
    expect(await told()).toEqual(["lock_acquired 1"]);
  });

  test("costs one transaction after the token's read; a refusal costs nothing more", async () => {
    await granted({}, await newFile());
    const calls = async (of: () => Promise<unknown>) => {
      const before = world.traces.length;
      await of();
      // The first call is the token's.
      return world.traces
        .slice(before)
        .map(({ action }) => action)
        .slice(1);
    };
    expect(await calls(() => acquire())).toEqual(["TransactWriteItems"]);
    expect(await calls(() => acquire())).toEqual([]);
    expect(await calls(state)).toEqual([]);
  });

  test("that is lost to another just before its write costs no further read, and says who was faster", async () => {
    world.setFault(async ({ action }) => {
      if (action !== "TransactWriteItems") return undefined;
      world.setFault();
      await granted({ client: "faster" });
      return undefined;
    });
    const before = world.traces.length;
    const answer = await acquire({ client: "slower" });
    expect(await read(lockedProblem, answer)).toMatchObject({
      code: "file_locked",
      holder: { name: "faster" },
    });
    // Token and file, the faster one's two, and the write that did not happen.
    expect(world.traces.length - before).toBe(4);
  });
});

describe("a lease that has run out", () => {
  test("is respected for 2 s more, then taken over with its lock_expired", async () => {
    const { lock_token } = await granted({ ttl_seconds: 30 });
    world.advance(30_000);
    expect(await state()).toMatchObject({ locked: false, expires_at: null, fencing_token: 1 });
    expect(await refusal(renew(lock_token))).toEqual([409, "lock_lost"]);
    const early = await acquire();
    expect(early.headers.get("retry-after")).toBe("2");
    expect(await refusal(early)).toEqual([423, "file_locked"]);
    world.advance(GRACE);
    expect((await granted()).fencing_token).toBe(2);
    expect((await told()).sort()).toEqual(["lock_acquired 1", "lock_acquired 2", "lock_expired 1"]);
    expect(await refusal(release(lock_token))).toEqual([409, "lock_token_mismatch"]);
  });

  test("is told by the sweep, once, and leaves the number", async () => {
    await granted({ ttl_seconds: 30 });
    const alive = await newFile();
    await granted({ ttl_seconds: 600 }, alive);
    world.advance(30_000 + GRACE);
    const { expired, live } = await sweepLocks(world.deps);
    expect(expired).toBeGreaterThanOrEqual(1);
    expect(live).toBeGreaterThanOrEqual(1);
    expect((await sweepLocks(world.deps)).expired).toBe(0);
    expect(await told()).toEqual(["lock_acquired 1", "lock_expired 1"]);
    expect(await told(alive)).toEqual(["lock_acquired 1"]);
    expect((await granted()).fencing_token).toBe(2);
  });
});

describe("renewing", () => {
  test("replaces the expiry and keeps the number", async () => {
    const { lock_token, expires_at } = await granted({ ttl_seconds: 60 });
    world.advance(40_000);
    const renewed = await read(renewAnswer, renew(lock_token));
    expect(Date.parse(renewed.expires_at)).toBeGreaterThanOrEqual(Date.parse(expires_at) + 40_000);
    expect(renewed).toMatchObject({ fencing_token: 1, renew_after_seconds: 20 });
    const shorter = await read(renewAnswer, renew(lock_token, { ttl_seconds: 30 }));
    expect(Date.parse(shorter.expires_at)).toBeLessThan(Date.parse(renewed.expires_at));
    expect((await state()).expires_at).toBe(shorter.expires_at);
    expect(await told()).toEqual(["lock_acquired 1"]);
  });

  test("again under its Idempotency-Key gives the first answer, and moves no end", async () => {
    const { lock_token } = await granted({ ttl_seconds: 60 });
    const headers = { "idempotency-key": `renewed-${id}` };
    const first = await read(renewAnswer, renew(lock_token, {}, headers));
    world.advance(10_000);
    const again = await renew(lock_token, {}, headers);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await read(renewAnswer, again)).toEqual(first);
    expect((await state()).expires_at).toBe(first.expires_at);
  });

  test("goes on for 24 hours and no longer", async () => {
    const { lock_token, acquired_at } = await granted({ ttl_seconds: 3_600 });
    for (let hours = 0.5; hours < 23; hours += 0.5) {
      world.advance(1_800_000);
      expect((await renew(lock_token)).status).toBe(200);
    }
    world.advance(1_800_000);
    const last = await read(renewAnswer, renew(lock_token));
    expect(Date.parse(last.expires_at) - Date.parse(acquired_at)).toBe(86_400_000);
    expect(await refusal(renew(lock_token))).toEqual([409, "renewal_limit"]);
  });

  test("that arrives late can't take back a later one", async () => {
    const { lock_token } = await granted({ ttl_seconds: 60 });
    let arrive = () => {};
    const held = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const onItsWay = new Promise<void>((resolve) => {
      world.setFault(async ({ action }) => {
        if (action !== "UpdateItem") return undefined;
        world.setFault();
        resolve();
        await held;
        return undefined;
      });
    });
    const late = renew(lock_token, { ttl_seconds: 30 });
    await onItsWay;
    const { expires_at } = await read(renewAnswer, renew(lock_token, { ttl_seconds: 600 }));
    world.setFault(({ action }) => (action === "BatchGetItem" ? "before" : undefined));
    arrive();
    expect((await late).status).toBe(503);
    world.setFault();
    expect((await state()).expires_at).toBe(expires_at);
  });
});

describe("releasing", () => {
  test("lets the next one in at once, and repeating it changes nothing", async () => {
    const { lock_token } = await granted();
    expect((await release(lock_token)).status).toBe(204);
    expect((await release(lock_token)).status).toBe(204);
    expect(await state()).toMatchObject({ locked: false, fencing_token: 1 });
    expect(await refusal(renew(lock_token))).toEqual([409, "lock_lost"]);
    expect((await granted()).fencing_token).toBe(2);
    expect(await told()).toEqual(["lock_acquired 1", "lock_released 1", "lock_acquired 2"]);
  });

  test("needs the token", async () => {
    await granted();
    expect(await refusal(client.request(`/v1/files/${id}/lock`, { method: "DELETE" }))).toEqual([
      400,
      "invalid_request",
    ]);
    expect((await state()).locked).toBe(true);
  });
});

const hostile = ["", " ", "whl_", "undefined", "null", "[object Object]", "#lock", "x".repeat(200), "é"];

test.each(hostile)("the token %j opens nothing", async (token) => {
  const { fencing_token } = await granted();
  const wrong = await release(encodeURIComponent(token));
  expect(await refusal(wrong)).toEqual(
    token === "" ? [400, "invalid_request"] : [409, "lock_token_mismatch"],
  );
  const refused = await renew(token === "" ? " " : token);
  expect(await refusal(refused)).toEqual([409, "lock_lost"]);
  expect(await state()).toMatchObject({ locked: true, fencing_token });
});

describe("breaking", () => {
  const breaking = (by: Client, json: unknown = { reason: "hangs" }, headers = {}) =>
    by.request(`/v1/files/${id}/lock/break`, { json, headers });

  test("needs its scope and a reason, grows the number, and stops the holder", async () => {
    const breaker = await world.client("locks:break", "admin");
    const { lock_token } = await granted();
    expect(await refusal(breaking(client))).toEqual([403, "forbidden"]);
    expect(await refusal(breaking(breaker, {}))).toEqual([400, "invalid_request"]);
    expect(await refusal(breaking(breaker, { reason: "x".repeat(257) }))).toEqual([400, "invalid_request"]);
    const broken = await breaking(breaker);
    expect(broken.status).toBe(200);
    expect(await read(lockState, broken)).toMatchObject({ locked: false, fencing_token: 2 });
    expect(await refusal(renew(lock_token))).toEqual([409, "lock_lost"]);
    expect(
      await refusal(
        client.request(`/v1/files/${id}`, { method: "DELETE", headers: { "lock-token": lock_token } }),
      ),
    ).toEqual([409, "lock_lost"]);
    expect((await granted()).fencing_token).toBe(3);
    const [event] = (await world.events("lock_broken")).filter((one) => one.file_id === id);
    expect(event).toMatchObject({
      actor: { id: breaker.client_id },
      data: { break_reason: "hangs", holder: { client_id: client.client_id }, fencing_token: 2 },
    });
  });

  test("what nobody holds changes nothing, however often it is asked for", async () => {
    const breaker = await world.client("admin");
    const headers = { "idempotency-key": `break-${id}` };
    const first = await read(lockState, breaking(breaker, { reason: "hangs" }, headers));
    const again = await breaking(breaker, { reason: "hangs" }, headers);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(first);
    expect(first).toMatchObject({ locked: false, fencing_token: 0 });
    expect(await told()).toEqual([]);
  });
});

describe("a batch", () => {
  const batch = (json: unknown) => client.request("/v1/locks/batch", { json });

  test("locks all files in the order asked for, 25 at most", async () => {
    const ids = await Promise.all(Array.from({ length: 25 }, () => newFile()));
    const answer = await batch({ file_ids: ids, client: "agent-7" });
    expect(answer.status).toBe(201);
    const { items } = await read(batchAnswer, answer);
    expect(items.map(({ file_id }) => file_id)).toEqual(ids);
    expect(new Set(items.map(({ lock_token }) => lock_token)).size).toBe(25);
    expect(await refusal(batch({ file_ids: [...ids, id] }))).toEqual([400, "invalid_request"]);
    expect(await refusal(batch({ file_ids: [id, id] }))).toEqual([400, "invalid_request"]);
    expect(await refusal(batch({ file_ids: [] }))).toEqual([400, "invalid_request"]);
  });

  test("locks none where one is held or unknown", async () => {
    const [held, longer] = [await newFile(), await newFile()];
    await granted({ ttl_seconds: 60 }, held);
    await granted({ ttl_seconds: 600, client: "agent-7" }, longer);
    expect(await read(lockedProblem, batch({ file_ids: [id, held] }))).toMatchObject({
      ...{ status: 423, code: "file_locked", file_id: held },
    });
    // The one that lasts longest tells when asking again can help.
    const refused = await batch({ file_ids: [longer, id, held] });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(590);
    expect(await read(lockedProblem, refused)).toMatchObject({
      file_id: longer,
      holder: { name: "agent-7" },
    });
    expect(await refusal(batch({ file_ids: [id, UNKNOWN] }))).toEqual([404, "not_found"]);
    expect((await state()).locked).toBe(false);
    expect(await told()).toEqual([]);
  });

  test("of two that overlap, one gets all", async () => {
    const [a, b] = [await newFile(), await newFile()];
    const answers = await Promise.all([batch({ file_ids: [a, id] }), batch({ file_ids: [b, id] })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 423]);
    const lost = answers[0]?.status === 423 ? a : b;
    expect(await told(lost)).toEqual([]);
  });
});

describe("waiting", () => {
  const wait = (json: unknown = {}, headers = {}) =>
    client.request(`/v1/files/${id}/lock/wait`, { json, headers });

  test("is elsewhere: a redirect that says all that 423 does", async () => {
    expect((await acquire({ wait_seconds: 20 })).status).toBe(201);
    const answer = await acquire({ wait_seconds: 20 });
    expect([answer.status, answer.headers.get("location")]).toEqual([307, "lock/wait"]);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    // RFC 9110, 10.2.3: with a redirect it would ask to wait before following it.
    expect(answer.headers.get("retry-after")).toBeNull();
    expect(await read(lockedProblem, answer)).toMatchObject({
      ...{ status: 307, code: "file_locked", file_id: id, holder: { name: client.name } },
    });
  });

  test("gets the lock when its holder lets go", async () => {
    const { lock_token } = await granted();
    const waiting = wait();
    const looked = world.traces.length;
    await expect.poll(() => world.traces.length, { timeout: 10_000 }).toBeGreaterThan(looked + 1);
    expect((await release(lock_token)).status).toBe(204);
    expect((await read(lockGrant, waiting)).fencing_token).toBe(2);
  });

  test("ends with the holder's facts", async () => {
    await granted({ client: "agent-7" });
    const answer = await wait({ wait_seconds: 1 });
    expect(answer.status).toBe(423);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(290);
    expect(await read(lockedProblem, answer)).toMatchObject({ holder: { name: "agent-7" } });
  });

  test("is one request with the one that was redirected, by Idempotency-Key", async () => {
    const { lock_token } = await granted();
    const headers = { "idempotency-key": `wait-${id}` };
    const terms = { wait_seconds: 20, client: "agent-8" };
    expect((await acquire(terms, id, headers)).status).toBe(307);
    await release(lock_token);
    const first = await read(lockGrant, wait(terms, headers));
    expect(first.provisional).toBe(false);
    for (const again of [await acquire(terms, id, headers), await wait(terms, headers)]) {
      expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
      expect(await read(lockGrant, again)).toEqual(first);
    }
    for (const other of [acquire({ ...terms, wait_seconds: 10 }, id, headers), wait({}, headers)])
      expect(await refusal(other)).toEqual([422, "idempotency_mismatch"]);
    expect(await told()).toEqual(["lock_acquired 1", "lock_released 1", "lock_acquired 2"]);
  });

  /** A grant that another let go of while its caller waited. */
  async function waitedFor(json: unknown = {}, headers = {}) {
    const { lock_token } = await granted();
    const waiting = wait(json, headers);
    const looked = world.traces.length;
    await expect.poll(() => world.traces.length, { timeout: 10_000 }).toBeGreaterThan(looked + 1);
    expect((await release(lock_token)).status).toBe(204);
    return read(lockGrant, waiting);
  }
  const lifetime = ({ acquired_at, expires_at }: { acquired_at: string; expires_at: string | null }) =>
    Date.parse(expires_at ?? "") - Date.parse(acquired_at);

  test("whoever hung up holds the lock for 10 s, and no longer", async () => {
    const grant = await waitedFor({ ttl_seconds: 300 });
    expect(grant).toMatchObject({ provisional: true, renew_after_seconds: 3 });
    expect(lifetime(grant)).toBe(10_000);
    expect((await state()).expires_at).toBe(grant.expires_at);
    world.advance(10_000 + GRACE);
    expect(await granted()).toMatchObject({ provisional: false, fencing_token: 3 });
    expect(await refusal(renew(grant.lock_token))).toEqual([409, "lock_lost"]);
    expect((await told()).slice(-2).sort()).toEqual(["lock_acquired 3", "lock_expired 2"]);
  });

  test("who did not have to wait has the whole lease", async () => {
    const grant = await read(lockGrant, wait({ ttl_seconds: 300 }));
    expect(grant).toMatchObject({ provisional: false, renew_after_seconds: 100 });
    expect(lifetime(grant)).toBe(300_000);
  });

  test("the first renewal gives the lease whole, and later ones replace its end as ever", async () => {
    const { lock_token, acquired_at } = await waitedFor({ ttl_seconds: 300 });
    world.advance(9_000);
    const renewed = await read(renewAnswer, renew(lock_token));
    expect(Date.parse(renewed.expires_at) - Date.parse(renewed.server_time)).toBe(300_000);
    expect(renewed.renew_after_seconds).toBe(100);
    world.advance(299_000);
    const last = await read(renewAnswer, renew(lock_token, { ttl_seconds: 30 }));
    // A write must not give back what the renewal took.
    expect((await move(lock_token)).status).toBe(200);
    expect(await state()).toMatchObject({ acquired_at, expires_at: last.expires_at });
  });

  const move = (token: string) =>
    client.request(`/v1/files/${id}`, {
      method: "PATCH",
      json: { name: `moved-${id}` },
      headers: { "lock-token": token },
    });

  test("so does the first write, and the sweep tells of the end that it has then", async () => {
    const { lock_token, acquired_at } = await waitedFor({ ttl_seconds: 60 });
    world.advance(9_000);
    expect((await move(lock_token)).status).toBe(200);
    const after = await state();
    expect(lifetime({ acquired_at, expires_at: after.expires_at })).toBe(60_000);
    world.advance(50_000);
    await sweepLocks(world.deps);
    expect((await told()).at(-1)).toBe("lock_acquired 2");
    world.advance(1_000 + GRACE);
    await sweepLocks(world.deps);
    expect((await told()).at(-1)).toBe("lock_expired 2");
  });

  test("so does a write to what belongs to the file", async () => {
    const [before] = await world.deps.table.batchGet([keys.node(id)]);
    const path = `/v1/files/${id}/versions/${String(before?.["version_id"])}`;
    const body = new FormData();
    body.append("file", new Blob(["newer"], { type: "text/plain" }), `file-${files}.txt`);
    expect((await client.request("/v1/files/upload", { body })).status).toBe(200);
    const { lock_token, acquired_at } = await waitedFor({ ttl_seconds: 60 });
    const headers = { "lock-token": lock_token };
    expect((await client.request(path, { method: "DELETE", headers })).status).toBe(204);
    expect(lifetime({ acquired_at, expires_at: (await state()).expires_at })).toBe(60_000);
  });

  test("a repeat answers the grant as it is while it lives, and acquires anew once it has ended", async () => {
    const headers = { "idempotency-key": `again-${id}` };
    const terms = { ttl_seconds: 300, wait_seconds: 20, client: "agent-8" };
    const first = await waitedFor(terms, headers);
    world.advance(6_000);
    for (const repeat of [() => acquire(terms, id, headers), () => wait(terms, headers)]) {
      const again = await repeat();
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      const { lock_token, expires_at, renew_after_seconds } = await read(lockGrant, again);
      expect({ lock_token, expires_at }).toEqual({
        lock_token: first.lock_token,
        expires_at: first.expires_at,
      });
      expect(renew_after_seconds).toBe(1);
    }
    world.advance(4_000 + GRACE);
    const anew = await acquire(terms, id, headers);
    expect(anew.headers.get("idempotency-replayed")).toBeNull();
    const second = await read(lockGrant, anew);
    expect(second).toMatchObject({ fencing_token: 3, provisional: false });
    expect(second.lock_token).not.toBe(first.lock_token);
    // That is what is repeated from here on, its end too.
    world.advance(400_000);
    expect(await read(lockGrant, acquire(terms, id, headers))).toEqual(second);
  });

  test("a repeat that was made whole answers so", async () => {
    const headers = { "idempotency-key": `whole-${id}` };
    const first = await waitedFor({ ttl_seconds: 300 }, headers);
    await renew(first.lock_token);
    world.advance(30_000);
    const again = await read(lockGrant, wait({ ttl_seconds: 300 }, headers));
    expect(again).toMatchObject({ lock_token: first.lock_token, provisional: false });
    expect(again.renew_after_seconds).toBeGreaterThan(80);
  });

  test.each([{ wait_seconds: 0 }, { wait_seconds: 21 }])("takes %j for a mistake", async (json) => {
    expect(await refusal(wait(json))).toEqual([400, "invalid_request"]);
  });
});

describe("who may not", () => {
  test.each([
    ["ttl_seconds", { ttl_seconds: 29 }],
    ["ttl_seconds", { ttl_seconds: 3_601 }],
    ["ttl_seconds", { ttl_seconds: "60" }],
    ["wait_seconds", { wait_seconds: 21 }],
    ["reason", { reason: "x".repeat(257) }],
    ["client", { client: "" }],
  ])("a bad %s is refused by name: %j", async (field, json) => {
    const refused = await read(problem, acquire(json));
    expect(refused).toMatchObject({
      status: 400,
      code: "invalid_request",
      errors: [{ pointer: `/${field}` }],
    });
  });

  test("a folder, a file that nobody knows, and another workspace's", async () => {
    expect((await acquire({}, "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ")).status).toBe(400);
    expect(await refusal(acquire({}, UNKNOWN))).toEqual([404, "not_found"]);
    const stranger = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
      "locks:break",
    );
    for (const [path, json] of [
      ["lock", {}],
      ["lock/renew", { lock_token: "x" }],
      ["lock/break", { reason: "x" }],
    ] as const)
      expect(await refusal(stranger.request(`/v1/files/${id}/${path}`, { json }))).toEqual([
        404,
        "not_found",
      ]);
    expect(await refusal(stranger.request(`/v1/files/${id}/lock`))).toEqual([404, "not_found"]);
    expect(
      await refusal(
        stranger.request(`/v1/files/${id}/lock`, { method: "DELETE", headers: { "lock-token": "x" } }),
      ),
    ).toEqual([404, "not_found"]);
  });

  test("a token that only uploads locks only what its client uploaded", async () => {
    const uploader = await world.client("files:write", "files:delete", "locks:write", "workspaces:write");
    const own = await newFile(uploader);
    expect((await uploader.request(`/v1/files/${own}/lock`, { json: {} })).status).toBe(201);
    const reader = await world.client("files:read");
    expect(await refusal(reader.request(`/v1/files/${own}/lock`, { json: {} }))).toEqual([403, "forbidden"]);
    await world.deps.table.update({
      blind: "seeded",
      key: keys.node(own),
      update: { set: { created_by: client.client_id } },
    });
    // What it holds it still sees, and lets go; another lease it doesn't get.
    expect((await uploader.request(`/v1/files/${own}/lock`)).status).toBe(200);
    expect(await refusal(uploader.request(`/v1/files/${own}/lock`, { json: {} }))).toEqual([
      404,
      "not_found",
    ]);
  });

  test("a client whose share is taken, and nobody else", async () => {
    // 1,000 leases of one client, as the sweep finds them.
    const { live, clients } = tally(
      Array.from({ length: 1_000 }, () => client.client_id),
      MAX_CLIENT_LOCKS,
    );
    await world.deps.table.put({
      blind: "seeded",
      put: { ...keys.lockCount(FIRST_ORGANIZATION), live, clients },
    });
    world.advance(61_000);
    expect(await refusal(acquire())).toEqual([429, "lock_limit"]);
    const other = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    const theirs = await newFile(other);
    expect((await other.request(`/v1/files/${theirs}/lock`, { json: {} })).status).toBe(201);
    await sweepLocks(world.deps);
    world.advance(61_000);
    expect((await acquire()).status).toBe(201);
  });

  test("anyone, once 1,000 locks live by the last count", async () => {
    const holders = Array.from({ length: 1_000 }, (_, nth) => `cli_${nth}`);
    const counted_ms = world.deps.now();
    const put = { ...keys.lockCount(FIRST_ORGANIZATION), ...tally(holders, MAX_CLIENT_LOCKS), counted_ms };
    await world.deps.table.put({ blind: "seeded", put });
    world.advance(61_000);
    const refused = await acquire();
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(await refusal(refused)).toEqual([429, "lock_limit"]);
    // Nobody counts an organization's of which none is live.
    world.advance(5 * 60_000);
    expect((await acquire()).status).toBe(201);
  });
});

test("a deleted file holds no lock, and is not due as one", async () => {
  const { lock_token } = await granted();
  const deleted = client.request(`/v1/files/${id}`, {
    method: "DELETE",
    headers: { "lock-token": lock_token },
  });
  expect((await deleted).status).toBe(204);
  const [record] = await world.deps.table.batchGet([keys.node(id)]);
  expect(record).not.toHaveProperty("lock");
  expect(record?.["due_pk"]).toMatch(/^trash#/);
  expect(await refusal(renew(lock_token))).toEqual([404, "not_found"]);
  expect(await refusal(acquire())).toEqual([404, "not_found"]);
  world.advance(400_000);
  await sweepLocks(world.deps);
  expect(await told()).toEqual(["lock_acquired 1", "lock_released 1"]);
});

test("a lease that ran out unnoticed is told of by whoever deletes the file, or releases it too late", async () => {
  await granted({ ttl_seconds: 30 });
  const late = await newFile();
  const { lock_token } = await granted({ ttl_seconds: 30 }, late);
  world.advance(32_000);
  expect((await client.request(`/v1/files/${id}`, { method: "DELETE" })).status).toBe(204);
  expect(await told()).toEqual(["lock_acquired 1", "lock_expired 1"]);
  const headers = { "lock-token": lock_token };
  expect((await client.request(`/v1/files/${late}/lock`, { method: "DELETE", headers })).status).toBe(204);
  expect(await told(late)).toEqual(["lock_acquired 1", "lock_expired 1"]);
});

test("a lock goes with its file to another name and folder", async () => {
  const { lock_token, fencing_token } = await granted({ ttl_seconds: 60 });
  const move = (headers: Record<string, string>) =>
    client.request(`/v1/files/${id}`, {
      method: "PATCH",
      json: { name: `moved-${id}`, folder: "/elsewhere" },
      headers,
    });
  expect(await refusal(move({}))).toEqual([423, "file_locked"]);
  expect((await move({ "lock-token": lock_token })).status).toBe(200);
  expect(await state()).toMatchObject({ locked: true, fencing_token });
  expect((await renew(lock_token)).status).toBe(200);
  world.advance(62_000);
  await sweepLocks(world.deps);
  expect(await told()).toEqual(["lock_acquired 1", "lock_expired 1"]);
});
