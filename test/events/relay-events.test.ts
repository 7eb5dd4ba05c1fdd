/** The outbox's way out: what the bus has not taken stays in the outbox, whatever happens in between. */
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { type BusEvent, createBus } from "#aws/events.ts";
import { keys } from "#aws/keys.ts";
import { relayEvents } from "#core/events/relay-events.ts";
import { type DeliveryWorld, startDeliveryWorld } from "#test/support/delivery-world.ts";
import { type Receiver, startReceiver } from "#test/support/receiver.ts";

const MINUTE = 60_000;

describe("what the bus takes, entry by entry", () => {
  const request = z.object({ Entries: z.array(z.object({ Detail: z.string() })) });
  type Answer = (details: string[]) => unknown;

  /** A bus whose service answers as it is told, and the details that came in each of its calls. */
  async function busThat(answer: Answer) {
    const calls: string[][] = [];
    const server = createServer(async (req, res) => {
      const { Entries } = request.parse(await json(req));
      const details = Entries.map(({ Detail }) => Detail);
      calls.push(details);
      res.setHeader("content-type", "application/x-amz-json-1.1").end(JSON.stringify(answer(details)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const client = new EventBridgeClient({
      endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const close = () => {
      client.destroy();
      server.close();
    };
    return { bus: createBus(client, "bus"), calls, close };
  }

  const taken = { EventId: "1" };
  const failed = { ErrorCode: "ThrottlingException", ErrorMessage: "Rate exceeded" };
  const events = (count: number, size = 10): BusEvent[] =>
    Array.from({ length: count }, (_, index) => ({
      event_id: `evt_${index}`,
      type: "file_moved",
      body: `${index} `.padEnd(size, "x"),
    }));

  test.each<[string, Answer, string[]]>([
    ["all", (details) => ({ FailedEntryCount: 0, Entries: details.map(() => taken) }), ["0", "1", "2", "3"]],
    [
      "some, though the call is answered 200",
      () => ({ FailedEntryCount: 2, Entries: [taken, failed, taken, failed] }),
      ["0", "2"],
    ],
    ["none", (details) => ({ FailedEntryCount: 4, Entries: details.map(() => failed) }), []],
    ["a count alone, which names none of them", () => ({ FailedEntryCount: 0 }), []],
    ["fewer entries than were sent", () => ({ FailedEntryCount: 0, Entries: [taken] }), ["0"]],
  ])("%s", async (_, answer, expected) => {
    const { bus, close } = await busThat(answer);
    expect([...(await bus.publish(events(4)))]).toEqual(expected.map((index) => `evt_${index}`));
    close();
  });

  test("10 at a time, and less than 256 KB", async () => {
    const { bus, calls, close } = await busThat((details) => ({ Entries: details.map(() => taken) }));
    expect((await bus.publish(events(25))).size).toBe(25);
    expect(calls.splice(0).map(({ length }) => length)).toEqual([10, 10, 5]);
    expect((await bus.publish(events(5, 64_000))).size).toBe(5);
    expect(calls.map(({ length }) => length)).toEqual([3, 2]);
    close();
  });
});

describe("an event", () => {
  let world: DeliveryWorld;
  let receiver: Receiver;
  beforeAll(async () => {
    world = await startDeliveryWorld();
    receiver = await startReceiver();
    await world.endpoint(receiver.url);
  });
  afterAll(async () => {
    await receiver.close();
    await world.close();
  });

  const recordOf = async (id: string) => (await world.deps.table.batchGet([keys.event(id)]))[0];
  const unsent = expect.objectContaining({ due_pk: expect.stringMatching(/^event#/) });
  const arrivals = (id: string) =>
    receiver.received.filter(({ headers }) => headers["webhook-id"] === id).length;

  test("that the bus refuses among others stays in the outbox alone, and the sweep sends it", async () => {
    const records = await world.write(3);
    const [first, second, third] = records.map(({ event_id }) => event_id);
    if (first === undefined || second === undefined || third === undefined) throw new Error("no events");
    world.refuse((id) => id === second);
    expect(await relayEvents(world.deps, records)).toEqual(new Set([first, third]));
    expect(await recordOf(second)).toEqual(unsent);
    expect(await recordOf(second)).not.toHaveProperty("seq");
    for (const id of [first, third]) expect(await recordOf(id)).not.toEqual(unsent);
    world.refuse(() => false);
    await world.pass(4 * MINUTE);
    expect([first, second, third].map(arrivals)).toEqual([1, 1, 1]);
    expect(await recordOf(second)).not.toEqual(unsent);
  });

  test("is taken for sent only after the bus has it: a relay that dies before leaves it where it is", async () => {
    const records = await world.write(2);
    world.refuse(() => {
      throw new Error("died");
    });
    // Again and again, as the stream's tries would be; then the stream gives the records up.
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(relayEvents(world.deps, records)).rejects.toThrow("died");
    for (const { event_id } of records) {
      expect(await recordOf(event_id)).toEqual(unsent);
      expect(await recordOf(event_id)).not.toHaveProperty("seq");
    }
    world.refuse(() => false);
    await world.pass(4 * MINUTE);
    for (const { event_id } of records) expect(arrivals(event_id)).toBe(1);
  });

  test("whose relay dies after the bus has it is sent once more, and not forgotten", async () => {
    const records = await world.write(1);
    const id = records[0]?.event_id ?? "";
    const { table } = world.deps;
    const { transact } = table;
    table.transact = () => Promise.reject(new Error("died"));
    expect(await relayEvents(world.deps, records)).toEqual(new Set());
    table.transact = transact;
    expect(await recordOf(id)).toEqual(unsent);
    await world.pass(4 * MINUTE);
    // Twice on the bus, once at the endpoint: fan-out knows it again.
    expect(world.published(id)).toBe(2);
    expect(arrivals(id)).toBe(1);
    expect(await recordOf(id)).not.toEqual(unsent);
  });
});
