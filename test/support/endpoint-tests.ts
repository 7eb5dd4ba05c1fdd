/** What tests of one endpoint's deliveries share: a world for a file of them, a receiver and its endpoint for each. */
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type DeliveryWorld, startDeliveryWorld } from "./delivery-world.ts";
import { type Behaviour, type Receiver, startReceiver } from "./receiver.ts";
import type { WorldOptions } from "./world.ts";

/** Days take many steps. */
export const LONG = { timeout: 120_000 };
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const succeed: Behaviour = (res) => void res.writeHead(204).end();
export const fail: Behaviour = (res) => void res.writeHead(500).end();
export const gone: Behaviour = (res) => void res.writeHead(410).end();

export let world: DeliveryWorld;
export let receiver: Receiver;
export let endpoint: Awaited<ReturnType<DeliveryWorld["endpoint"]>>;

/** Called at the top of a file: each of its tests begins a month after the last, when all else has come to rest. */
export function useEndpoint(options: WorldOptions = {}): void {
  beforeAll(async () => {
    world = await startDeliveryWorld(options);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.skip(30 * DAY);
    // What the last test has left to be told is nobody's any more.
    await world.sweep();
    world.loseMessages();
    receiver = await startReceiver();
    endpoint = await world.endpoint(receiver.url);
    return async () => {
      await endpoint.remove();
      await receiver.close();
    };
  });
}

/** States of the endpoint's deliveries. */
export const statuses = async () => (await endpoint.deliveries()).map(({ status }) => status);
/** Ids of the events that have been sent. */
export const ids = () => receiver.received.map(({ headers }) => headers["webhook-id"]);
