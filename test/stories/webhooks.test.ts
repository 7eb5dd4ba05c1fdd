/** Webhooks as their owners see them: register, receive, verify, rotate, look, repair. */
import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { problem } from "#contract/common.ts";
import { eventSchema } from "#contract/event-types.ts";
import { event } from "#contract/events.ts";
import { deliveryDetail, deliveryPage } from "#core/delivery/contract.ts";
import {
  registeredWebhook,
  testResult,
  webhook,
  webhookDetail,
  webhookPage,
} from "#core/endpoints/contract.ts";
import { rotatedSecret } from "#core/endpoints/secret-contract.ts";
import { eventTypeList } from "#core/events/contract.ts";
import { genuine } from "#test/support/genuine.ts";
import type { Received } from "#test/support/receiver.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;

beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story.stop());

const register = (url: string, more: Record<string, unknown> = {}, by: Pick<Story, "json"> = story) =>
  by.json(registeredWebhook, "/v1/webhooks", { json: { url, events: ["upload_completed"], ...more } });
const uploadFile = (filename: string, by: Pick<Story, "upload"> = story) =>
  by.upload(Buffer.from("contents"), { filename, finalize: { share: false } });
const refused = async (answer: Promise<Response>) => {
  const { status, code } = z.parse(problem, await (await answer).json());
  return [status, code];
};
const remove = (webhookId: string) => story.api(`/v1/webhooks/${webhookId}`, { method: "DELETE" });

const plain = (secret: string, body: string) => createHmac("sha256", secret).update(body).digest("hex");

describe("a delivery", () => {
  test("carries the event as it was stored, under both signatures", async () => {
    const receiver = await story.receiver();
    const { webhook_id, secret } = await register(receiver.url);
    const { file_id } = await uploadFile("signed.txt");
    const [got] = await receiver.until(1);
    if (got === undefined) throw new Error("nothing came");
    expect(got.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "user-agent": "Wharf-Webhooks/1",
      accept: "*/*",
      "webhook-id": expect.stringMatching(/^evt_/),
      "webhook-timestamp": expect.stringMatching(/^\d{10}$/),
      "x-signature": plain(secret, got.body),
      "x-event-type": "upload_completed",
      "x-delivery-id": expect.stringMatching(/^dlv_/),
      "x-delivery-attempt": "1",
    });
    expect(new Webhook(secret).verify(got.body, got.headers)).toMatchObject({ file_id });
    const body = eventSchema("upload_completed").parse(JSON.parse(got.body));
    expect(body).toMatchObject({ id: got.headers["webhook-id"], file_id, workspace_id: story.workspaceId });
    expect(body.request_id).toBe(got.headers["x-request-id"]);

    const list = await story.eventually(async () => {
      const page = await story.json(
        deliveryPage,
        `/v1/webhooks/${webhook_id}/deliveries?event_type=upload_completed`,
      );
      expect(page.items[0]?.status).toBe("succeeded");
      return page;
    });
    expect(list.items).toHaveLength(1);
    const one = await story.json(
      deliveryDetail,
      `/v1/webhooks/${webhook_id}/deliveries/${list.items[0]?.delivery_id}`,
    );
    expect(one.attempt_log).toEqual([
      expect.objectContaining({
        number: 1,
        trigger: "event",
        url: receiver.url,
        status: 204,
        remote_ip: "127.0.0.1",
        error_class: null,
        signed_with: ["current"],
      }),
    ]);
    await remove(webhook_id);
  });

  test("answers for the X-Request-ID of the call that caused it, in every consumer's log", async () => {
    const receiver = await story.receiver();
    const { webhook_id } = await register(receiver.url, { events: ["file_deleted"] });
    const { file_id } = await uploadFile("traced.txt");
    await story.api(`/v1/files/${file_id}`, { method: "DELETE", headers: { "X-Request-ID": "ci-4711" } });
    const [got] = await receiver.until(1);
    expect(got?.headers["x-request-id"]).toBe("ci-4711");
    await story.cloud.waitForIdle();
    const lines = story.cloud.logs.lines().filter(({ text }) => text.includes("ci-4711"));
    const functions = lines.map(({ text }) => String(JSON.parse(text)["function"]));
    expect(new Set(functions)).toEqual(new Set(["api", "relay", "fan-out", "deliver"]));
    await remove(webhook_id);
  });
});

describe("registering", () => {
  test("shows the secret once", async () => {
    const receiver = await story.receiver();
    const { webhook_id, secret } = await register(receiver.url, { description: "CI" });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const shown = await (await story.api(`/v1/webhooks/${webhook_id}`)).text();
    const listed = await (await story.api("/v1/webhooks")).text();
    expect(webhookDetail.parse(JSON.parse(shown))).toMatchObject({ description: "CI" });
    expect(shown + listed).not.toContain("whsec_");
    await story.cloud.waitForIdle();
    const logged = story.cloud.logs.lines().map(({ text }) => text);
    expect(logged.join("\n")).not.toContain(secret.slice("whsec_".length));
    await remove(webhook_id);
  });

  test("leads to a signed ping, and its 2xx verifies the endpoint in every answer", async () => {
    const open: (() => void)[] = [];
    const receiver = await story.receiver(undefined, (res) => void open.push(() => res.writeHead(204).end()));
    const unverified = { status: "unverified", verified_at: null };
    const made = await register(receiver.url, { events: ["file_moved"] });
    expect(made).toMatchObject(unverified);
    const at = `/v1/webhooks/${made.webhook_id}`;
    const answers = async () => {
      const change = { method: "PATCH", json: { description: "CI" } };
      const list = await story.json(webhookPage, "/v1/webhooks?limit=100");
      return [
        await story.json(webhook, at),
        await story.json(webhook, at, change),
        await story.json(webhook, `${at}/enable`, { json: {} }),
        list.items.find(({ webhook_id }) => webhook_id === made.webhook_id),
      ];
    };
    const [ping] = await receiver.until(1, undefined, receiver.pings);
    if (ping === undefined) throw new Error("no ping came");
    expect(genuine(made.secret, ping)).toBe(true);
    eventSchema("ping").parse(JSON.parse(ping.body));
    for (const answer of await answers()) expect(answer).toMatchObject(unverified);
    open[0]?.();
    const { verified_at } = await story.eventually(async () => {
      const shown = await story.json(webhook, at);
      expect(shown.status).toBe("enabled");
      return shown;
    });
    expect(verified_at).not.toBeNull();
    for (const answer of await answers()) expect(answer).toMatchObject({ status: "enabled", verified_at });

    const elsewhere = await story.receiver(undefined, (res) => void res.writeHead(500).end());
    const moved = await story.json(webhook, at, { method: "PATCH", json: { url: elsewhere.url } });
    expect(moved).toMatchObject(unverified);
    await elsewhere.until(1, undefined, elsewhere.pings);
    const disabled = await story.json(webhook, `${at}/disable`, { json: {} });
    expect(disabled).toMatchObject({ status: "disabled", verified_at: null });
    await remove(made.webhook_id);
  });

  test("takes a secret of one's own", async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
    const made = await register("http://127.0.0.1:9/", { secret });
    expect(made.secret).toBe(secret);
    await remove(made.webhook_id);
  });

  test("again with the same Idempotency-Key makes no second endpoint", async () => {
    const init = {
      json: { url: "http://127.0.0.1:9/", events: ["*"] },
      headers: { "Idempotency-Key": "hook-1" },
    };
    const first = await story.json(registeredWebhook, "/v1/webhooks", init);
    expect(await story.json(registeredWebhook, "/v1/webhooks", init)).toEqual(first);
    await remove(first.webhook_id);
  });

  test("what has been done is answered again under its Idempotency-Key, and not done again", async () => {
    const receiver = await story.receiver();
    const { webhook_id } = await register(receiver.url);
    const at = `/v1/webhooks/${webhook_id}`;
    const call = async (path: string, key: string, json = {}) => {
      const answer = await story.api(`${at}${path}`, { json, headers: { "Idempotency-Key": key } });
      const text = await answer.text();
      return { status: answer.status, text, again: answer.headers.get("idempotency-replayed") === "true" };
    };
    const key = (name: string) => `${webhook_id}-${name}`;
    const enabled = async () => (await story.json(webhookDetail, at)).status !== "disabled";

    const off = await call("/disable", key("off"));
    const on = await call("/enable", key("on"), { force: true });
    expect(await call("/disable", key("off"))).toEqual({ ...off, again: true });
    expect(await enabled()).toBe(true);
    await call("/disable", key("off again"));
    expect(await call("/enable", key("on"), { force: true })).toEqual({ ...on, again: true });
    expect(await enabled()).toBe(false);

    const tested = await call("/test", key("test"));
    const count = receiver.received.length;
    expect(await call("/test", key("test"))).toEqual({ ...tested, again: true });
    expect([tested.status, receiver.received.length]).toEqual([200, count]);

    const rotate = () =>
      story.json(rotatedSecret, `${at}/secret/rotate`, { json: { overlap_seconds: 3_600 } });
    await rotate();
    expect(await call("/secret/promote", key("promote"))).toEqual({ status: 204, text: "", again: false });
    const { secret } = await rotate();
    expect(await call("/secret/promote", key("promote"))).toEqual({ status: 204, text: "", again: true });
    await call("/enable", key("at last"), { force: true });
    await uploadFile("told.txt");
    const [got] = (await receiver.until(count + 1)).slice(-1);
    expect(got?.headers["x-signature"]).not.toBe(plain(secret, got?.body ?? ""));
    await remove(webhook_id);
  });

  test.each([
    [{ url: "https://169.254.169.254/", events: ["*"] }, "invalid_url"],
    [{ url: "https://[fe80::1]/", events: ["*"] }, "invalid_url"],
    [{ url: "https://167772161/", events: ["*"] }, "invalid_url"],
    [{ url: "https://0x0a000001/", events: ["*"] }, "invalid_url"],
    [{ url: "https://printer.local/", events: ["*"] }, "invalid_url"],
    [{ url: "http://example.com/", events: ["*"] }, "invalid_url"],
    [{ url: "https://example.com:8443/", events: ["*"] }, "invalid_url"],
    [{ url: "https://me:secret@example.com/", events: ["*"] }, "invalid_url"],
    [{ url: "not a url", events: ["*"] }, "invalid_url"],
    [{ url: "http://127.0.0.1:9/ci\u202egpj.exe", events: ["*"] }, "invalid_url"],
    [{ url: " http://127.0.0.1:9/", events: ["*"] }, "invalid_url"],
    [{ url: "http:\\\\127.0.0.1:9\\hooks", events: ["*"] }, "invalid_url"],
    [{ url: "https://example.com/", events: [] }, "invalid_request"],
    [{ url: "https://example.com/", events: ["no_such_event"] }, "invalid_request"],
    [{ url: "https://example.com/", events: ["*", "file_moved"] }, "invalid_request"],
    [{ url: "https://example.com/", events: ["*"], secret: "whsec_c2hvcnQ=" }, "invalid_request"],
    [{ url: "https://example.com/", events: ["*"], rate_per_second: 0 }, "invalid_request"],
    [{ url: "https://example.com/", events: ["*"], retries: 3 }, "unknown_field"],
  ])("refuses %o", async (json, code) => {
    expect(await refused(story.api("/v1/webhooks", { json }))).toEqual([400, code]);
  });

  test("the refusal of a URL says that this cloud sends to this machine too", async () => {
    const answer = await story.api("/v1/webhooks", { json: { url: "http://example.com/", events: ["*"] } });
    const { detail } = z.parse(problem, await answer.json());
    expect(detail).toContain("http or https to localhost, 127.0.0.1 or [::1] at any port");
  });
});

describe("who hears of what", () => {
  test("types, folders and workspaces decide", async () => {
    const inFolder = await story.receiver();
    const elsewhere = await story.receiver();
    const moves = await story.receiver();
    const stranger = await story.receiver();
    const admin = await story.receiver();
    const other = await story.client("somebody-else");
    const boss = await story.client("boss", ["admin"]);
    const { folder_id } = await uploadFile("reports/2026/seed.txt");
    const { folder_id: root } = await uploadFile("seed.txt");
    // Who registers before these events have been matched hears of them.
    await story.cloud.waitForIdle();
    const parent = z
      .object({ items: z.array(z.object({ kind: z.string(), folder_id: z.string(), name: z.string() })) })
      .parse(await (await story.api(`/v1/workspaces/${story.workspaceId}/files?folder=${root}`)).json());
    const reports = parent.items.find(({ kind, name }) => kind === "folder" && name === "reports");

    const hooks = await Promise.all([
      register(inFolder.url, { folders: [reports?.folder_id] }),
      register(elsewhere.url, { folders: [folder_id] }),
      register(moves.url, { events: ["file_moved", "file_deleted"] }),
    ]);
    await register(stranger.url, { events: ["*"] }, other);
    await register(admin.url, { events: ["upload_completed"] }, boss);

    await uploadFile("outside.txt");
    await uploadFile("reports/2026/deep.txt");
    const { file_id } = await uploadFile("reports/flat.txt");
    await story.api(`/v1/files/${file_id}`, { method: "PATCH", json: { name: "flatter.txt" } });

    const names = (received: Received[]) =>
      received.map(({ body }) => event.parse(JSON.parse(body)).data["name"]).sort();
    await Promise.all([inFolder.until(2), elsewhere.until(1), moves.until(1), admin.until(3)]);
    await story.cloud.waitForIdle();
    expect(names(inFolder.received)).toEqual(["deep.txt", "flat.txt"]);
    expect(names(elsewhere.received)).toEqual(["deep.txt"]);
    expect(moves.received.map(({ headers }) => headers["x-event-type"])).toEqual(["file_moved"]);
    expect(names(admin.received)).toEqual(["deep.txt", "flat.txt", "outside.txt"]);
    expect(stranger.received).toEqual([]);
    await Promise.all(hooks.map(({ webhook_id }) => remove(webhook_id)));
  });

  test("folders that are not there, or another's, are refused by name", async () => {
    const other = await story.client("neighbour");
    const { folder_id: theirs } = await uploadFile("theirs/x.txt", other);
    const { folder_id: ours } = await uploadFile("ours/x.txt");
    const { folder_id: root } = await uploadFile("root.txt");
    const nowhere = "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ";
    const ask = (folders: string[], path = "", method = "POST") =>
      story.api(`/v1/webhooks${path}`, {
        method,
        json: method === "PATCH" ? { folders } : { url: "http://127.0.0.1:9/", events: ["*"], folders },
      });
    const answer = z.parse(problem, await (await ask([ours, theirs, nowhere])).json());
    expect(answer).toMatchObject({
      code: "invalid_request",
      errors: [
        { pointer: "/folders/1", detail: `${theirs} is no folder where you may have webhooks` },
        { pointer: "/folders/2", detail: `${nowhere} is no folder where you may have webhooks` },
      ],
    });
    const made = registeredWebhook.parse(await (await ask([ours, root])).json());
    expect(await refused(ask([theirs], `/${made.webhook_id}`, "PATCH"))).toEqual([400, "invalid_request"]);
    await remove(made.webhook_id);
  });

  test("a move concerns the folder that it leaves and the one that it comes to", async () => {
    const [from, to] = [await story.receiver(), await story.receiver()];
    const { file_id, folder_id } = await uploadFile("from/deep/er/moving.txt");
    const { folder_id: target } = await uploadFile("to/seed.txt");
    const events = ["file_moved", "file_deleted"];
    const hooks = await Promise.all([
      register(from.url, { events, folders: [folder_id] }),
      register(to.url, { events, folders: [target] }),
    ]);
    const change = (json: unknown) => story.api(`/v1/files/${file_id}`, { method: "PATCH", json });
    expect((await change({ folder: "to/below" })).status).toBe(200);
    await Promise.all([from.until(1), to.until(1)]);
    await story.api(`/v1/files/${file_id}`, { method: "DELETE" });
    await to.until(2);
    await story.cloud.waitForIdle();
    const types = (received: Received[]) => received.map(({ headers }) => headers["x-event-type"]).sort();
    expect(types(from.received)).toEqual(["file_moved"]);
    expect(types(to.received)).toEqual(["file_deleted", "file_moved"]);
    await Promise.all(hooks.map(({ webhook_id }) => remove(webhook_id)));
  });

  test("another's endpoint can't be seen, changed, tried or deleted", async () => {
    const { webhook_id } = await register("http://127.0.0.1:9/");
    const other = await story.client("nosy");
    const at = `/v1/webhooks/${webhook_id}`;
    const tries = [
      other.api(at),
      other.api(at, { method: "PATCH", json: { events: ["*"] } }),
      other.api(at, { method: "DELETE" }),
      other.api(`${at}/test`, { json: {} }),
      other.api(`${at}/disable`, { json: {} }),
      other.api(`${at}/secret/rotate`, { json: {} }),
      other.api(`${at}/secret/promote`, { json: {} }),
      other.api(`${at}/deliveries`),
      other.api(`${at}/recover`, { json: { since: new Date().toISOString() } }),
    ];
    for (const answer of tries) expect(await refused(answer)).toEqual([404, "not_found"]);
    const reader = await story.client("reader", ["files:read"]);
    expect(await refused(reader.api("/v1/webhooks"))).toEqual([403, "forbidden"]);
    await remove(webhook_id);
  });
});

test("an event that nobody knows is refused with those that there are", async () => {
  const answer = await story.api("/v1/webhooks", {
    json: { url: "http://127.0.0.1:9/", events: ["file_moved", "uplod"] },
  });
  expect(z.parse(problem, await answer.json())).toMatchObject({
    code: "invalid_request",
    errors: [{ pointer: "/events/1", detail: expect.stringMatching(/"\*" or one of upload_completed, /) }],
  });
});

describe("an endpoint's life", () => {
  test("what it is changed to counts from the next attempt on", async () => {
    const before = await story.receiver();
    // Verified by nothing before the file's event.
    const after = await story.receiver(undefined, (res) => void res.writeHead(500).end());
    const { webhook_id } = await register(before.url, { description: "old" });
    const changed = await story.json(webhook, `/v1/webhooks/${webhook_id}`, {
      method: "PATCH",
      json: { url: after.url, description: null, rate_per_second: 10 },
    });
    expect(changed).toMatchObject({ url: after.url, description: null, rate_per_second: 10 });
    expect(await story.json(webhook, `/v1/webhooks/${webhook_id}`)).toEqual(changed);
    await uploadFile("changed.txt");
    await after.until(1);
    expect(before.received).toEqual([]);
    const bad = story.api(`/v1/webhooks/${webhook_id}`, {
      method: "PATCH",
      json: { url: "https://10.0.0.1/" },
    });
    expect(await refused(bad)).toEqual([400, "invalid_url"]);
    await remove(webhook_id);
  });

  test("a test is answered with its attempt, whatever came of it", async () => {
    const receiver = await story.receiver(
      (res) => void res.writeHead(503, { "retry-after": "60" }).end("busy"),
    );
    const { webhook_id, secret } = await register(receiver.url, { events: ["file_moved"] });
    const tested = await story.json(testResult, `/v1/webhooks/${webhook_id}/test`, { json: {} });
    expect(tested).toMatchObject({
      ok: false,
      attempt: { status: 503, answer: "busy", trigger: "test", retry_after_seconds: 60 },
    });
    const [got] = receiver.received;
    expect(got?.headers["x-event-type"]).toBe("webhook_test");
    expect(got !== undefined && genuine(secret, got)).toBe(true);
    eventSchema("webhook_test").parse(JSON.parse(got?.body ?? ""));
    // It is in the log of deliveries, and left no trace on the endpoint.
    const { items } = await story.json(
      deliveryPage,
      `/v1/webhooks/${webhook_id}/deliveries?event_type=webhook_test`,
    );
    expect(items).toMatchObject([{ delivery_id: tested.delivery_id, status: "failed", attempts: 1 }]);
    const backwards = "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z";
    expect(await refused(story.api(`/v1/webhooks/${webhook_id}/deliveries?${backwards}`))).toEqual([
      400,
      "invalid_request",
    ]);
    const { health } = await story.json(webhookDetail, `/v1/webhooks/${webhook_id}`);
    expect(health).toMatchObject({ failures_in_row: 0, paused_until: null });
    await remove(webhook_id);
  });

  test("while its secret changes, both sign; X-Signature changes when its owner says", async () => {
    const receiver = await story.receiver();
    const { webhook_id, secret: old } = await register(receiver.url);
    const at = `/v1/webhooks/${webhook_id}`;
    const { secret: fresh, previous_secret_until } = await story.json(rotatedSecret, `${at}/secret/rotate`, {
      json: { overlap_seconds: 3_600 },
    });
    expect((await story.json(webhookDetail, at)).health).toMatchObject({ previous_secret_until });
    const deliver = async (count: number) => {
      await uploadFile("rotating.txt");
      const got = (await receiver.until(count)).at(-1);
      if (got === undefined) throw new Error("nothing came");
      return got;
    };
    const during = await deliver(1);
    expect([genuine(fresh, during), genuine(old, during)]).toEqual([true, true]);
    expect(new Webhook(old).verify(during.body, during.headers)).toBeTruthy();
    expect(new Webhook(fresh).verify(during.body, during.headers)).toBeTruthy();
    expect(during.headers["x-signature"]).toBe(plain(old, during.body));

    expect((await story.api(`${at}/secret/promote`, { json: {} })).status).toBe(204);
    const promoted = await deliver(2);
    expect([genuine(fresh, promoted), genuine(old, promoted)]).toEqual([true, true]);
    expect(promoted.headers["x-signature"]).toBe(plain(fresh, promoted.body));

    const next = await story.json(rotatedSecret, `${at}/secret/rotate`, { json: { overlap_seconds: 600 } });
    story.advance(601_000);
    const after = await deliver(3);
    expect([genuine(next.secret, after), genuine(fresh, after), genuine(old, after)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(after.headers["x-signature"]).toBe(plain(next.secret, after.body));

    const last = await story.json(rotatedSecret, `${at}/secret/rotate`, { json: { overlap_seconds: 0 } });
    const atOnce = await deliver(4);
    expect([genuine(last.secret, atOnce), genuine(next.secret, atOnce)]).toEqual([true, false]);
    await remove(webhook_id);
  });

  test.each([-1, 604_801, 1.5, "60", null])("an overlap of %j is refused", async (overlap_seconds) => {
    const { webhook_id, secret } = await register("http://127.0.0.1:9/");
    const rotate = story.api(`/v1/webhooks/${webhook_id}/secret/rotate`, {
      json: { overlap_seconds, secret },
    });
    expect(await refused(rotate)).toEqual([400, "invalid_request"]);
    await remove(webhook_id);
  });

  test("a deleted one gets nothing more, not even what was under way", async () => {
    const receiver = await story.receiver((res) => void res.writeHead(500).end());
    const { webhook_id } = await register(receiver.url);
    await uploadFile("deleted.txt");
    await receiver.until(1);
    await story.cloud.waitForIdle();
    expect((await remove(webhook_id)).status).toBe(204);
    expect(await refused(remove(webhook_id))).toEqual([404, "not_found"]);
    story.advance(10_000);
    await story.cloud.waitForIdle();
    expect(receiver.received).toHaveLength(1);
  });
});

test("every type has a schema that its example passes", async () => {
  const { items } = await story.json(eventTypeList, "/v1/webhooks/event-types");
  expect(items.length).toBeGreaterThanOrEqual(16);
  for (const { type, example, schema } of items) {
    expect(eventSchema(type).parse(example)).toEqual(example);
    const published = z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);
    expect(published.parse(example)).toEqual(example);
    // Receivers ignore what they don't know, so that events may grow.
    const grown = { ...example, new_member: 1, data: { ...example.data, new_member: 1 } };
    expect(published.parse(grown)).toEqual(grown);
  }
});
