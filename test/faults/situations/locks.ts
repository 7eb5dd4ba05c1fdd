/** Locks: acquired, renewed, released, broken, expired. */
import { renewAnswer } from "#core/locks/contract.ts";
import { disagreements } from "../agree.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { passTime, SECOND } from "../time.ts";
import { goesTo, otherWorkspace } from "./other-workspace.ts";

const TTL = 60;
/** How far behind a clock is by which a lease goes on that is over by all others. */
const BEHIND = 10 * SECOND;

/** A file, and what its lock is asked by. */
async function lockable(stage: Stage, me: Actor) {
  const { file_id } = await me.by.uploaded("a.txt", "hello");
  const lock = `/v1/files/${file_id}/lock`;
  const rival = await stage.rival();
  const acquire = (actor: Actor, more: Record<string, unknown> = {}, headers = {}) =>
    actor.request(lock, { json: { ttl_seconds: TTL, ...more }, headers });
  /** The last end that a lease's holder was told. */
  const ends = new Map<string, string>();
  return {
    lock,
    file_id,
    rival,
    acquire,
    async held(by: Actor) {
      const { lock_token, lock_id, expires_at } = await by.json(lock, { json: { ttl_seconds: TTL } });
      ends.set(String(lock_id), String(expires_at));
      return { token: String(lock_token), headers: { "Lock-Token": String(lock_token) } };
    },
    async renew(actor: Actor, lock_token: string, ttl_seconds = TTL): Promise<Response> {
      const answer = await actor.request(`${lock}/renew`, { json: { lock_token, ttl_seconds } });
      if (answer.ok) {
        const { lock_id, expires_at } = renewAnswer.parse(await answer.clone().json());
        ends.set(lock_id, expires_at);
      }
      return answer;
    },
    /** Whether what is told of as expired did so when its holder was told. */
    async endsAsTold(): Promise<string[]> {
      return (await stage.world.events("lock_expired"))
        .map(({ data }) => ({ id: String(data["lock_id"]), at: String(data["expires_at"]) }))
        .filter(({ id, at }) => ends.has(id) && ends.get(id) !== at)
        .map(({ id, at }) => `${id} is told of as over at ${at}; its holder has it until ${ends.get(id)}`);
    },
    release: (actor: Actor, headers: Record<string, string>) =>
      actor.request(lock, { method: "DELETE", headers }),
    break: (actor: Actor) => actor.request(`${lock}/break`, { json: { reason: "mine" } }),
    /** Whether a grant holds: its number and end are what a read says, and its token renews it. */
    async holds({ status, body }: { status?: number; body?: unknown }): Promise<string[]> {
      if (status !== 201) return [];
      const { fencing_token, expires_at, lock_token } = body as Record<string, string>;
      const wrong = disagreements(await me.json(lock), { locked: true, fencing_token, expires_at });
      const renewed = await me.request(`${lock}/renew`, { json: { lock_token } });
      return renewed.status === 200 ? wrong : [...wrong, `its token is refused: ${renewed.status}`];
    },
  };
}

const acquisitions: Situation[] = [
  {
    name: "lock: free",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const workspace = await otherWorkspace(me);
      return {
        act: (actor) => it.acquire(actor),
        meanwhile: {
          "the file goes to another workspace": () => goesTo(me, it.file_id, workspace),
          "another acquires it": () => it.acquire(it.rival),
          "another version comes": () => me.by.uploaded("a.txt", "second"),
          "the file is deleted": () => me.request(`/v1/files/${it.file_id}`, { method: "DELETE" }),
        },
        next: { "it is broken": () => it.break(it.rival), "another acquires it": () => it.acquire(it.rival) },
        check: it.holds,
      };
    },
  },
  {
    name: "lock: free, under an Idempotency-Key",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const ask = (actor: Actor) => it.acquire(actor, {}, { "Idempotency-Key": "once" });
      return {
        act: ask,
        next: { "asked again": () => ask(me), "it is broken": () => it.break(it.rival) },
        check: it.holds,
      };
    },
  },
  {
    name: "lock: asked for again under its Idempotency-Key",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const ask = (actor: Actor) => it.acquire(actor, {}, { "Idempotency-Key": "once" });
      await ask(me);
      return { act: ask, meanwhile: { "it is broken": () => it.break(it.rival) } };
    },
  },
  {
    name: "lock: held by another",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { headers } = await it.held(it.rival);
      return {
        act: (actor) => it.acquire(actor),
        meanwhile: { "it is released": () => it.release(it.rival, headers) },
      };
    },
  },
  {
    name: "lock: held by another, under an Idempotency-Key",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { headers } = await it.held(it.rival);
      const ask = (actor: Actor) => it.acquire(actor, {}, { "Idempotency-Key": "once" });
      return {
        act: ask,
        next: { "it is released": () => it.release(it.rival, headers), "asked again": () => ask(me) },
      };
    },
  },
  {
    name: "lock: expired",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { token } = await it.held(it.rival);
      passTime((TTL + 10) * SECOND);
      return {
        act: (actor) => it.acquire(actor),
        meanwhile: {
          "its holder renews it": () => it.renew(it.rival, token),
          "the sweep runs": () => stage.sweep(),
          "another acquires it": () => it.acquire(it.rival),
        },
        next: { "it is broken": () => it.break(it.rival) },
        check: it.holds,
      };
    },
  },
  {
    name: "lock: waited for",
    ticks: true,
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { headers } = await it.held(it.rival);
      await it.release(it.rival, headers);
      return {
        act: (actor) => actor.request(`${it.lock}/wait`, { json: { ttl_seconds: TTL, wait_seconds: 1 } }),
        meanwhile: { "another acquires it": () => it.acquire(it.rival) },
        check: it.holds,
      };
    },
  },
  {
    name: "lock: asked for again, after one that was waited for",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { headers } = await it.held(it.rival);
      const ask = (actor: Actor) =>
        actor.request(`${it.lock}/wait`, {
          json: { ttl_seconds: TTL, wait_seconds: 10 },
          headers: { "Idempotency-Key": "once" },
        });
      const waiter = await stage.actor({
        async between(made, send) {
          // Its place to wait in.
          if (made.label === "take-place: update PLACES") await it.release(it.rival, headers);
          return send();
        },
      });
      await ask(waiter);
      // Whoever breaks it meanwhile has it waited for anew, by what was read with the token.
      return { act: ask, next: { "it is broken": () => it.break(it.rival) } };
    },
  },
  {
    name: "lock: of many files",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const other = await me.by.uploaded("b.txt", "hello");
      return {
        act: (actor) =>
          actor.request("/v1/locks/batch", {
            json: { ttl_seconds: TTL, file_ids: [it.file_id, other.file_id] },
          }),
        meanwhile: { "another acquires one": () => it.acquire(it.rival) },
        next: { "one is broken": () => it.break(it.rival) },
      };
    },
  },
];

const holdings: Situation[] = [
  {
    name: "lock: renewed",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { token, headers } = await it.held(me);
      passTime(20 * SECOND);
      return {
        act: (actor) => it.renew(actor, token),
        meanwhile: {
          "it is released": () => it.release(me, headers),
          "it is broken": () => it.break(it.rival),
          "it is taken over": async () => {
            passTime((TTL + 10) * SECOND);
            return it.acquire(it.rival);
          },
          "it is renewed": () => it.renew(me, token),
        },
        next: {
          "it is renewed for longer": () => it.renew(me, token, 10 * TTL),
          "another asks after its first end": async () => {
            passTime(2 * TTL * SECOND);
            return it.acquire(it.rival);
          },
          "it is broken": () => it.break(it.rival),
          "another acquires it": () => it.acquire(it.rival),
        },
        check: async ({ status, body }) =>
          status === 200
            ? disagreements(await me.json(it.lock), {
                expires_at: (body as Record<string, unknown>)["expires_at"],
              })
            : [],
      };
    },
  },
  {
    name: "lock: renewed after its end",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { token } = await it.held(me);
      passTime((TTL + 10) * SECOND);
      return {
        act: (actor) => it.renew(actor, token),
        meanwhile: {
          "the sweep runs": () => stage.sweep(),
          "another acquires it": () => it.acquire(it.rival),
        },
      };
    },
  },
  {
    name: "lock: released",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { headers, token } = await it.held(me);
      return {
        act: (actor) => it.release(actor, headers),
        meanwhile: { "it is broken": () => it.break(it.rival), "it is renewed": () => it.renew(me, token) },
        next: { "another acquires it": () => it.acquire(it.rival) },
      };
    },
  },
  {
    name: "lock: released as it runs out",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { headers, token } = await it.held(me);
      const behind = await stage.actor({ skew: -BEHIND });
      passTime((TTL + 4) * SECOND);
      return {
        act: (actor) => it.release(actor, headers),
        meanwhile: { "it is renewed, by a clock that is behind": () => it.renew(behind, token) },
        end: it.endsAsTold,
      };
    },
  },
  {
    name: "lock: broken",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const workspace = await otherWorkspace(me);
      const { headers, token } = await it.held(it.rival);
      return {
        act: (actor) => it.break(actor),
        meanwhile: {
          "the file goes to another workspace": () => goesTo(me, it.file_id, workspace, headers),
          "it is released": () => it.release(it.rival, headers),
          "it is renewed": () => it.renew(it.rival, token),
          "another breaks it": () => it.break(it.rival),
        },
        next: { "another acquires it": () => it.acquire(it.rival) },
      };
    },
  },
  {
    name: "lock: broken where nobody has it, under an Idempotency-Key",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const ask = (actor: Actor) =>
        actor.request(`${it.lock}/break`, {
          json: { reason: "mine" },
          headers: { "Idempotency-Key": "once" },
        });
      return {
        act: ask,
        meanwhile: { "another acquires it": () => it.acquire(it.rival) },
        next: { "another acquires it": () => it.acquire(it.rival), "asked again": () => ask(me) },
      };
    },
  },
  {
    name: "lock: broken after its end",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { token } = await it.held(it.rival);
      const behind = await stage.actor({ client: it.rival.client, name: "rival", skew: -BEHIND });
      passTime((TTL + 4) * SECOND);
      return {
        act: (actor) => it.break(actor),
        meanwhile: {
          "the sweep runs": async () => {
            passTime(10 * SECOND);
            await stage.sweep();
          },
          "another acquires it": async () => {
            passTime(10 * SECOND);
            return it.acquire(it.rival);
          },
          "it is renewed, by a clock that is behind": () => it.renew(behind, token),
        },
        end: it.endsAsTold,
      };
    },
  },
  {
    name: "sweep: a lock that has expired",
    async set(stage, me) {
      const it = await lockable(stage, me);
      const { token } = await it.held(it.rival);
      passTime(20 * SECOND);
      await it.renew(it.rival, token);
      passTime((TTL + 10) * SECOND);
      return {
        act: (actor) => actor.sweep("lock"),
        meanwhile: {
          "its holder renews it": () => it.renew(it.rival, token),
          "another acquires it": () => it.acquire(me),
          "another sweep runs": () => me.sweep("lock"),
          "the file is deleted": () => me.request(`/v1/files/${it.file_id}`, { method: "DELETE" }),
        },
        next: { "another acquires it": () => it.acquire(me) },
        end: it.endsAsTold,
      };
    },
  },
  {
    name: "read: who holds a lock",
    async set(stage, me) {
      const it = await lockable(stage, me);
      await it.held(it.rival);
      return { act: (actor) => actor.request(it.lock) };
    },
  },
];

export const locks: Situation[] = [...acquisitions, ...holdings];
