/** What ends by itself is told of as what stood when it did, whoever notices it, and however old what they read is. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { fileRecord } from "#core/files/records.ts";
import { share } from "#core/links/contract.ts";
import { sweepLinks } from "#core/links/sweep-links.ts";
import { breakLease } from "#core/locks/break-lock.ts";
import { lockGrant, renewAnswer } from "#core/locks/contract.ts";
import { renewLock } from "#core/locks/renew-lock.ts";
import { sweepLocks } from "#core/locks/sweep-locks.ts";
import { callBy } from "#test/support/caller.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;

let world: World;
let client: Client;
let id: string;
let files = 0;

beforeAll(async () => {
  world = await startWorld();
  world.keepHistory(HOUR);
  client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
    "locks:break",
  );
});
beforeEach(async () => {
  id = await world.addFile(client, `ends-${++files}.txt`);
});
afterEach(() => world.setFault());
afterAll(() => world.close());

const at = (path: string) => `/v1/files/${id}/${path}`;
const acquire = () => read(lockGrant, client.request(at("lock"), { json: { ttl_seconds: 30 } }));
const renew = (lock_token: string) =>
  read(renewAnswer, client.request(at("lock/renew"), { json: { lock_token } }));
const told = async (prefix = "lock_") =>
  (await world.events()).filter((one) => one.file_id === id && one.type.startsWith(prefix));
const types = async () => (await told()).map(({ type }) => type).sort();

/** The index as it was before what happened last. */
async function before(act: () => Promise<unknown>): Promise<void> {
  world.advanceServices(10 * SECOND);
  await act();
  world.setFault(({ action, body = "" }) =>
    action === "Query" && body.includes('"IndexName"') ? { staleMs: 5 * SECOND } : undefined,
  );
}

describe("a lease that has run out", () => {
  test("ended before the one that takes it over began", async () => {
    const first = await acquire();
    world.advance(40 * SECOND);
    const second = await acquire();
    const times = new Map(
      (await told()).map(({ type, data, occurred_at }) => [`${type} ${data["lock_id"]}`, occurred_at]),
    );
    expect(times.get(`lock_expired ${first.lock_id}`)).toBe(first.expires_at);
    expect(times.get(`lock_acquired ${second.lock_id}`)).toBe(second.acquired_at);
    expect(first.expires_at < second.acquired_at).toBe(true);
  });

  test("is told of as expired where it is broken, and its number has grown", async () => {
    await acquire();
    world.advance(31 * SECOND);
    const broken = await client.request(at("lock/break"), { json: { reason: "hangs" } });
    expect(await broken.json()).toMatchObject({ locked: false, fencing_token: 2 });
    await sweepLocks(world.deps);
    expect(await types()).toEqual(["lock_acquired", "lock_expired"]);
  });

  test("is told of as it stands, not as an old index has it", async () => {
    const { lock_token } = await acquire();
    world.advance(20 * SECOND);
    let renewed = "";
    await before(async () => {
      renewed = (await renew(lock_token)).expires_at;
    });
    world.advance(40 * SECOND);
    await sweepLocks(world.deps);
    expect(await types()).toEqual(["lock_acquired"]);
    world.setFault();
    await sweepLocks(world.deps);
    const [expired] = await told("lock_expired");
    expect(expired).toMatchObject({ occurred_at: renewed, data: { expires_at: renewed } });
  });
});

describe("a lease that is renewed beside its end", () => {
  const item = async () => fileRecord.parse((await world.deps.table.batchGet([keys.node(id)]))[0]);
  const why = { requestId: "test", actor: { type: "system", id: "test" }, reason: "test" } as const;

  test("is not told of as expired by who breaks it, for what an old index says", async () => {
    const { lock_token } = await acquire();
    const old = await item();
    world.advance(20 * SECOND);
    await renew(lock_token);
    world.advance(20 * SECOND);
    expect(await breakLease(world.deps, old, why)).toBe(false);
    expect(await breakLease(world.deps, await item(), why)).toBe(true);
    expect(await types()).toEqual(["lock_acquired", "lock_broken"]);
  });

  test("is released, and not told of as expired, where the clock that renewed it is behind", async () => {
    const { lock_token } = await acquire();
    world.advance(31 * SECOND);
    const { client_id, name, workspace_id: workspaceId } = client;
    const call = callBy({ id: client_id, name, workspaceId, scopes: ["locks:write"] });
    const behind = world.anotherEnvironment({ clockOffsetMs: -5 * SECOND });
    let renewed = false;
    world.setFault(async ({ action }) => {
      if (action === "TransactWriteItems" && !renewed) {
        renewed = true;
        await renewLock(behind, call, id, { lock_token });
      }
      return undefined;
    });
    const headers = { "lock-token": lock_token };
    expect((await client.request(at("lock"), { method: "DELETE", headers })).status).toBe(204);
    expect(renewed).toBe(true);
    expect(await types()).toEqual(["lock_acquired", "lock_released"]);
  });
});

test("a link that has expired is told of with its end and all its downloads, not as an old index has it", async () => {
  const { share_url, expires_at } = await read(
    share,
    client.request(at("shares"), { json: { expire_in: 60 } }),
  );
  await before(() => world.request(share_url));
  world.advance(61 * SECOND);
  await sweepLinks(world.deps);
  expect(await told("link_expired")).toEqual([]);
  world.setFault();
  await sweepLinks(world.deps);
  expect(await told("link_expired")).toMatchObject([{ occurred_at: expires_at, data: { downloads: 1 } }]);
});
