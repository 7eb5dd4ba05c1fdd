import { AwsError } from "@wharf/local-cloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { appendToFeed } from "#core/events/append-to-feed.ts";
import { type FeedQuery, readFeed } from "#core/events/read-feed.ts";
import { type EventRecord, eventRecord } from "#core/events/records.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { workspaceWrites } from "#core/workspaces/make-workspace.ts";
import { callBy } from "#test/support/caller.ts";
import { type DeliveryWorld, startDeliveryWorld } from "#test/support/delivery-world.ts";

let world: DeliveryWorld;

beforeAll(async () => {
  world = await startDeliveryWorld();
});
afterAll(() => world.close());

async function written(count: number, workspace_id: string): Promise<EventRecord[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { put } = eventWrite(world.now(), {
        type: "file_deleted",
        request_id: "test",
        workspace_id,
        actor: { type: "system", id: "test" },
        data: {},
      });
      await world.deps.table.put({ blind: "seeded", put });
      return eventRecord.parse(put);
    }),
  );
}

function read(query: Partial<FeedQuery>) {
  const { id, default_workspace } = world.call.caller;
  const call = callBy({ id, workspaceId: query.workspace ?? default_workspace });
  return readFeed(world.deps, call, { wait: 0, limit: 100, ...query });
}

async function workspace(): Promise<string> {
  const { id: owner } = world.call.caller;
  const name = newId("job", world.now());
  const { workspaceId, writes } = workspaceWrites(world.now(), {
    ...{ name, owner },
    organization: FIRST_ORGANIZATION,
  });
  await world.deps.table.transact(writes);
  return workspaceId;
}

/** Everything from the start, page by page. */
async function whole(workspaceId: string, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await read({ workspace: workspaceId, limit, after });
    if (page.items.length === 0) return ids;
    ids.push(...page.items.map(({ id }) => id));
    after = page.next_cursor;
  }
}

describe("a workspace's log", () => {
  test("has each event once and no gaps, however many relays write it at the same time, and twice", async () => {
    const ws = await workspace();
    const events = await written(60, ws);
    const batches = Array.from({ length: 12 }, (_, index) => events.slice(index * 5, index * 5 + 5));
    // Streams deliver at least once: half of the batches come again.
    const relays = [...batches, ...batches.slice(0, 6)];
    await Promise.all(relays.map((batch) => appendToFeed(world.deps, ws, batch)));
    const seen = await whole(ws, 7);
    expect([...seen].sort()).toEqual(events.map(({ event_id }) => event_id).sort());
    expect(await whole(ws, 100)).toEqual(seen);
    const records = await world.deps.table.batchGet(seen.map((id) => keys.event(id)));
    expect(records.map((item) => Number(item["seq"])).sort((a, b) => a - b)).toEqual(
      seen.map((_, index) => index + 1),
    );
    expect(records.filter((item) => item["due_pk"] !== undefined)).toEqual([]);
  });

  test("is read up to a number that isn't visible yet", async () => {
    const ws = await workspace();
    await appendToFeed(world.deps, ws, await written(5, ws));
    const { table } = world.deps;
    const { query } = table;
    // A query that sees one item of a transaction before another.
    table.query = async (input) => {
      const page = await query(input);
      return { ...page, items: page.items.filter(({ seq }) => seq !== 3) };
    };
    const seen = await whole(ws, 100);
    table.query = query;
    expect(seen).toHaveLength(2);
    expect((await whole(ws, 100)).slice(0, 2)).toEqual(seen);
    expect(await whole(ws, 100)).toHaveLength(5);
  });

  test("is read up to a number that is being written", async () => {
    const ws = await workspace();
    await appendToFeed(world.deps, ws, await written(2, ws));
    await world.deps.table.remove({ blind: "seeded", remove: keys.feedEntry(ws, 1) });
    const conflict = new AwsError("TransactionCanceledException", "a transaction is under way", 400);
    world.setFault(({ action }) => (action === "TransactGetItems" ? { error: conflict } : undefined));
    expect(await whole(ws, 100)).toEqual([]);
    world.setFault();
    expect(await whole(ws, 100)).toHaveLength(1);
  });

  test("is read at once past numbers that have expired", async () => {
    const ws = await workspace();
    await appendToFeed(world.deps, ws, await written(5, ws));
    for (const seq of [1, 2, 4])
      await world.deps.table.remove({ blind: "seeded", remove: keys.feedEntry(ws, seq) });
    expect(await whole(ws, 100)).toHaveLength(2);
  });

  test("tells an event once that an earlier version gave two places", async () => {
    const ws = await workspace();
    const events = await written(3, ws);
    await appendToFeed(world.deps, ws, events);
    const [twice] = events;
    if (twice === undefined) throw new Error("no event");
    const key = keys.event(twice.event_id);
    await world.deps.table.update({ blind: "seeded", key, update: { remove: ["seq"] } });
    await appendToFeed(world.deps, ws, [twice]);
    const seen = await whole(ws, 100);
    expect([...seen].sort()).toEqual(events.map(({ event_id }) => event_id).sort());
    expect(await whole(ws, 1)).toEqual(seen);
  });

  test("goes on from a cursor, or from now", async () => {
    const ws = await workspace();
    await appendToFeed(world.deps, ws, await written(3, ws));
    const { next_cursor } = await read({ workspace: ws, after: "latest" });
    expect((await read({ workspace: ws, after: next_cursor })).items).toEqual([]);
    const [fresh] = await written(1, ws);
    if (fresh === undefined) throw new Error("no event");
    await appendToFeed(world.deps, ws, [fresh]);
    const { items } = await read({ workspace: ws, after: next_cursor });
    expect(items.map(({ id }) => id)).toEqual([fresh.event_id]);
    await expect(read({ workspace: await workspace(), after: next_cursor })).rejects.toMatchObject({
      code: "invalid_cursor",
    });
    await expect(read({ workspace: ws, after: "nonsense" })).rejects.toMatchObject({
      code: "invalid_cursor",
    });
  });
});
