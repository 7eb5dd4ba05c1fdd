/** Writes whose answers are lost, and whose first copies arrive after all: each counts once, and undoes nothing. */

import type { Fault, FaultCall } from "@wharf/local-cloud";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { issueToken } from "#core/accounts/issue-token.ts";
import type { RelayDeps } from "#core/events/deps.ts";
import { readFeed } from "#core/events/read-feed.ts";
import { eventRecord } from "#core/events/records.ts";
import { relayEvents } from "#core/events/relay-events.ts";
import { sweepEvents } from "#core/events/sweep-events.ts";
import { file } from "#core/files/contract.ts";
import { share } from "#core/links/contract.ts";
import { retireSecrets, revokeClient, rotateSecret } from "#core/revocation/change-client.ts";
import { callBy } from "#test/support/caller.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;

let world: World;
let client: Client;

beforeAll(async () => {
  world = await startWorld({ retries: true });
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
afterEach(() => world.setFault());
afterAll(() => world.close());

/** Plans a fault of the first call that is meant; tells whether it has come. */
function once(fault: Fault, isMeant: (call: FaultCall) => boolean): () => boolean {
  let come = false;
  world.setFault((call) => {
    if (come || !isMeant(call)) return undefined;
    come = true;
    return fault;
  });
  return () => come;
}

const putsEvent = ({ action, body = "" }: FaultCall) => action === "PutItem" && body.includes("EVT#");

describe("an event that is written alone", () => {
  const bus: RelayDeps["bus"] = {
    publish: async (events) => new Set(events.map(({ event_id }) => event_id)),
  };
  const relay = () => ({ ...world.deps, bus });
  const feed = async (after?: string) => {
    const { client_id: id, name, workspace_id: workspaceId } = client;
    const call = callBy({ id, name, workspaceId, scopes: ["files:read"] });
    return readFeed(world.deps, call, { wait: 0, limit: 100, after });
  };

  test.each([
    ["of a file", (id: string) => `/v1/files/${id}/content`],
    [
      "of a version",
      async (id: string) => {
        const { version_id } = await read(file, client.request(`/v1/files/${id}`));
        return `/v1/files/${id}/versions/${version_id}/content`;
      },
    ],
  ])("has one place in the log, whenever its first copy arrives: a download %s", async (name, pathOf) => {
    const path = await pathOf(await world.addFile(client, `late ${name}.txt`));
    const { next_cursor: after } = await feed("latest");
    const happened = once({ late: { afterMs: MINUTE }, answered: true }, putsEvent);
    expect((await client.request(path)).status).toBe(302);
    expect(happened()).toBe(true);
    const [event] = (await world.events("file_downloaded")).slice(-1);
    const id = event?.id ?? "";
    await relayEvents(relay(), [eventRecord.parse((await world.deps.table.batchGet([keys.event(id)]))[0])]);
    const heard = await feed(after);
    expect(heard.items.map((one) => one.id)).toEqual([id]);
    world.advanceServices(MINUTE);
    await world.late.arrived();
    world.advance(3 * MINUTE);
    await sweepEvents(relay());
    expect((await feed(heard.next_cursor)).items).toEqual([]);
    expect((await feed(after)).items).toEqual(heard.items);
  });

  test("is answered where the answer to its write was lost", async () => {
    const id = await world.addFile(client, "lost answer.txt");
    const happened = once("after", putsEvent);
    expect((await client.request(`/v1/files/${id}/content`)).status).toBe(302);
    expect(happened()).toBe(true);
    expect((await world.events("file_downloaded")).filter((one) => one.file_id === id)).toHaveLength(1);
  });
});

test("what is claimed for a sweep is handled by it, though the answer to the claim was lost", async () => {
  const id = await world.addFile(client, "claimed.txt");
  await client.request(`/v1/files/${id}/content`);
  const event = (await world.events("file_downloaded")).find((one) => one.file_id === id)?.id ?? "";
  // Due for longer than a run may take, so that it is made due later before it is handled.
  world.advance(10 * MINUTE);
  const happened = once(
    "after",
    ({ action, body = "" }) => action === "UpdateItem" && body.includes(`EVT#${event}`),
  );
  const taken: string[] = [];
  const bus: RelayDeps["bus"] = {
    publish: async (events) => {
      taken.push(...events.map(({ event_id }) => event_id));
      return new Set(taken);
    },
  };
  await sweepEvents({ ...world.deps, bus });
  expect(happened()).toBe(true);
  expect(taken.filter((one) => one === event)).toHaveLength(1);
});

test("a revocation counts a link that it ended, though the answer was lost", async () => {
  const doomed = await world.client(
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
  const id = await world.addFile(doomed, "linked.txt");
  await doomed.request(`/v1/files/${id}/shares`, { json: {} });
  const happened = once(
    "after",
    ({ action, body = "" }) => action === "UpdateItem" && body.includes("LINK#"),
  );
  const { ended } = await revokeClient(world.deps, doomed.client_id, "revoke");
  expect([happened(), ended.links]).toEqual([true, 1]);
});

test.each([
  [undefined, { links: "revoke", ended: { links: 1 } }],
  ["keep" as const, { links: "keep", ended: { links: 0 } }],
])(
  "a revocation that ends half-way leaves its links to the next, unless that says otherwise: %s",
  async (links, told) => {
    const doomed = await world.client(
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
      "shares:write",
    );
    const id = await world.addFile(doomed, `of-${doomed.client_id}.txt`);
    await doomed.request(`/v1/files/${id}/shares`, { json: {} });
    const query = () => Promise.reject(new Error("the command was stopped"));
    const stopped = { ...world.deps, table: { ...world.deps.table, query } };
    await expect(revokeClient(stopped, doomed.client_id, "revoke")).rejects.toThrow("stopped");
    expect(await revokeClient(world.deps, doomed.client_id, links)).toMatchObject(told);
  },
);

describe("a client's secrets", () => {
  const changes = ({ action, body = "" }: FaultCall) => action === "UpdateItem" && body.includes("CLIENT#");
  const works = ({ client_id }: { client_id: string }, clientSecret: string) =>
    issueToken(world.deps, { clientId: client_id, clientSecret }).then(
      () => true,
      () => false,
    );

  test.each(["after", "twice"] as const)(
    "are rotated once where the write is sent again: %s",
    async (fault) => {
      const turning = await world.client("files:read");
      const happened = once(fault, changes);
      const { client_secret } = await rotateSecret(world.deps, turning.client_id);
      expect(happened()).toBe(true);
      for (const secret of [turning.client_secret, client_secret])
        expect(await works(turning, secret)).toBe(true);
      await retireSecrets(world.deps, turning.client_id);
      expect(await works(turning, turning.client_secret)).toBe(false);
      expect(await works(turning, client_secret)).toBe(true);
    },
  );

  test("lock nobody out where the newer one is known to nobody: the refusal says how to end that", async () => {
    const turning = await world.client("files:read");
    await rotateSecret(world.deps, turning.client_id); // whoever asked never saw it
    await expect(rotateSecret(world.deps, turning.client_id)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`retire-secrets --client ${turning.client_id} --keep older`),
    });
    await retireSecrets(world.deps, turning.client_id, "older");
    expect(await works(turning, turning.client_secret)).toBe(true);
    const { client_secret } = await rotateSecret(world.deps, turning.client_id);
    expect(await works(turning, client_secret)).toBe(true);
  });

  test("that have ended come back by no copy that arrives late", async () => {
    const turning = await world.client("files:read");
    const happened = once({ late: { afterMs: MINUTE }, answered: true }, changes);
    const { client_secret } = await rotateSecret(world.deps, turning.client_id);
    expect(happened()).toBe(true);
    await retireSecrets(world.deps, turning.client_id, "older");
    world.advanceServices(MINUTE);
    await world.late.arrived();
    expect(await works(turning, client_secret)).toBe(false);
    expect(await works(turning, turning.client_secret)).toBe(true);
  });

  test("are retired once where the write is sent again, and tell so", async () => {
    const turning = await world.client("files:read");
    await rotateSecret(world.deps, turning.client_id);
    const happened = once("after", changes);
    expect(await retireSecrets(world.deps, turning.client_id)).toMatchObject({ secrets_ended: 1 });
    expect(happened()).toBe(true);
  });
});

describe("a try of a link's password", () => {
  const password = "right";
  const newLink = async () => {
    const id = await world.addFile(client, `guarded ${world.traces.length}.txt`);
    const { share_url } = await read(share, client.request(`/v1/files/${id}/shares`, { json: { password } }));
    const key = keys.link(share_url.slice(share_url.lastIndexOf("/") + 1));
    const stored = async () =>
      (await world.dump()).filter(({ pk, sk }) => pk === key.pk && !`${sk}`.startsWith("START"));
    const guess = async (text: string) =>
      (await world.request(share_url, { form: { password: text } })).status;
    return { key, stored, guess };
  };
  const counts = ({ action, body = "" }: FaultCall) => action === "UpdateItem" && body.includes("#tried");
  const takes = ({ action, body = "" }: FaultCall) =>
    action === "UpdateItem" && body.includes("#tries_until_ms");

  test.each([
    ["for its source", counts],
    ["for the link", takes],
  ])("counts once where the answer to its count was lost: %s", async (_, isMeant) => {
    onTestFinished(world.stopClock());
    const { stored, guess } = await newLink();
    expect(await guess("wrong")).toBe(403);
    const happened = once("after", isMeant);
    expect(await guess("wrong")).toBe(403);
    expect(happened()).toBe(true);
    const tries_until_ms = world.deps.now() + MINUTE;
    expect(await stored()).toEqual([
      expect.objectContaining({ tries_until_ms }),
      expect.objectContaining({ tried: 2 }),
    ]);
  });

  test("that was right forgets nothing that was tried since, when its first copy arrives", async () => {
    const { stored, guess } = await newLink();
    expect(await guess(password)).toBe(303);
    const happened = once({ late: { afterMs: MINUTE }, answered: true }, counts);
    expect(await guess(password)).toBe(303);
    expect(happened()).toBe(true);
    expect(await guess("wrong")).toBe(403);
    world.advanceServices(MINUTE);
    await world.late.arrived();
    expect((await stored())[1]).toMatchObject({ tried: 1 });
  });
});
