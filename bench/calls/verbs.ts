/** What each verb does at AWS, counted one by one: what `cost/counts.json` holds. */

import { registeredWebhook } from "#core/endpoints/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { lockGrant } from "#core/locks/contract.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { HEADER_BYTES } from "#cost/assumptions.ts";
import { type Counts, countsFile, type Effects, plus, type Verb } from "#cost/counts.ts";
import { type ApiInit, putPart } from "#test/support/api-client.ts";
import type { Receiver } from "#test/support/receiver.ts";
import type { Story } from "#test/support/story.ts";
import { effectsOf } from "./effects.ts";
import { watch } from "./watch.ts";

const bytes = new TextEncoder().encode("hello");
const MIB = 1_048_576;
/** When the sweep has surely come to a deleted file. */
const PURGED_AFTER_MS = 17 * 60_000;

interface More {
  receiver?: Receiver;
  after?: () => Promise<void>;
}

/** Counts all of them on functions that are warm, in a cloud in which nothing else was done yet. */
export async function countVerbs(story: Story): Promise<Counts> {
  const idle = await countIdle(story);
  const verbs: Partial<Record<Verb, Effects>> = {};
  async function measure(verb: Verb, path: string, init: ApiInit = {}, more: More = {}): Promise<string> {
    const { effects, text } = await call(story, path, init, more);
    verbs[verb] = effects;
    return text;
  }

  const { file_id, other } = await prepare(story);
  await measure("token", "/v1/auth/token", {
    json: { client_id: story.clientId, client_secret: story.clientSecret },
    token: null,
  });
  const start = { filename: "ten/session.txt", size: bytes.length };
  const started = startAnswer.parse(JSON.parse(await measure("start", "/v1/uploads", { json: start })));
  for (const part of started.parts) await putPart(started, part, bytes);
  const finalize = `/v1/uploads/${started.upload_id}/finalize`;
  const { share_url } = finalizeAnswer.parse(JSON.parse(await measure("finalize", finalize, { json: {} })));
  const large = await story.start("ten/large.bin", 64 * 16 * MIB);
  await measure("partUrls", `/v1/uploads/${large.upload_id}/parts`, { json: { count: 32 } });
  await measure("upload", "/v1/files/upload", { method: "POST", body: formOf("direct.txt") });

  const path = `/v1/files/${file_id}`;
  await measure("read", path);
  await measure("list", `/v1/workspaces/${story.workspaceId}/files?path=ten&limit=10`);
  await measure("download", `${path}/content`);
  await measure("open", new URL(share_url ?? "").pathname, { token: null });
  await measure("share", `${path}/shares`, { json: {} });
  const lock = `${path}/lock`;
  const { lock_token } = lockGrant.parse(
    JSON.parse(await measure("lock", lock, { json: { ttl_seconds: 60 } })),
  );
  await measure("renew", `${lock}/renew`, { json: { lock_token } });
  await measure("unlock", lock, { method: "DELETE", headers: { "Lock-Token": lock_token } });
  await measure("poll", `/v1/events?workspace=${story.workspaceId}&after=latest`);
  const { delivery, failedAttempt } = await countDeliveries(story, other);
  const after = async () => story.advance(PURGED_AFTER_MS);
  await measure("remove", path, { method: "DELETE" }, { after });
  return countsFile.parse({ verbs: { ...verbs, delivery, failedAttempt }, ...idle });
}

/** Functions and their caches are warm, and a folder of ten is there. */
async function prepare(story: Story): Promise<{ file_id: string; other: string }> {
  const file = await story.upload(bytes, { filename: "ten/0.txt" });
  for (let index = 1; index < 10; index++)
    await story.api("/v1/files/upload", { method: "POST", body: formOf(`${index}.txt`) });
  const other = await story.upload(bytes, { filename: "other/a.txt" });
  const lock = `/v1/files/${other.file_id}/lock`;
  const { lock_token } = await story.json(lockGrant, lock, { json: {} });
  await story.api(lock, { method: "DELETE", headers: { "Lock-Token": lock_token } });
  await story.api(`/v1/events?workspace=${story.workspaceId}&after=latest`);
  return { file_id: file.file_id, other: other.file_id };
}

function formOf(name: string): FormData {
  const form = new FormData();
  form.set("path", "ten");
  form.set("file", new Blob([bytes]), name);
  return form;
}

/** What one more endpoint adds to an event, and each attempt at it that fails. */
async function countDeliveries(story: Story, file: string) {
  const rename = (name: string, more: More = {}) =>
    call(story, `/v1/files/${file}`, { method: "PATCH", json: { name } }, more).then(
      ({ effects }) => effects,
    );
  const alone = await rename("b.txt");
  const receiver = await story.receiver();
  const { webhook_id } = await story.json(registeredWebhook, "/v1/webhooks", {
    json: { url: receiver.url, events: ["file_moved"] },
  });
  // Until it has answered an event it is taken for a slow one.
  await rename("c.txt");
  await receiver.until(1);
  const delivered = await rename("d.txt", { receiver });
  let failing = true;
  receiver.behave((res) => void res.writeHead(failing ? 500 : 204).end());
  const retried = await rename("e.txt", {
    receiver,
    async after() {
      failing = false;
      // The first retry comes within a minute.
      story.advance(60_000);
      await receiver.until(4);
    },
  });
  await story.api(`/v1/webhooks/${webhook_id}`, { method: "DELETE" });
  return { delivery: plus(delivered, alone, -1), failedAttempt: plus(retried, delivered, -1) };
}

async function call(story: Story, path: string, init: ApiInit, { receiver, after }: More = {}) {
  const before = receiver?.received.length ?? 0;
  const watched = await watch(story, { send: () => story.api(path, init), after });
  const { answer } = watched;
  const text = await answer.text();
  if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${text}`);
  const sent = (receiver?.received.slice(before) ?? []).reduce(
    (sum, { body }) => sum + body.length + HEADER_BYTES,
    0,
  );
  return { text, effects: effectsOf(watched, { requests: 1, answered: Buffer.byteLength(text), sent }) };
}

/** One minute in which nobody calls. */
async function countIdle({ cloud }: Story): Promise<Pick<Counts, "idleMinute" | "idleMetrics">> {
  // The first counts what is there, and makes what the others find.
  for (let round = 0; ; round++) {
    await cloud.waitForIdle();
    cloud.clearTraces();
    const before = cloud.logs.lines().at(-1);
    cloud.advance(60_000);
    await cloud.waitForIdle();
    const all = cloud.logs.lines();
    const lines = all.slice(before === undefined ? 0 : all.lastIndexOf(before) + 1);
    const idleMinute = effectsOf(
      { traces: cloud.traces(), lines, busEvents: 0 },
      { requests: 0, answered: 0 },
    );
    const metrics = new Set(
      lines.flatMap(({ text }) => [...text.matchAll(/"Name":"(\w+)"/g)].map(([, name]) => name)),
    );
    // Where a minute of the real clock ends in this one, there are two ticks in it.
    if (round > 0 && idleMinute.functions.sweep?.invocations === 1)
      return { idleMinute, idleMetrics: metrics.size };
    if (round > 5) throw new Error("no minute had one sweep");
  }
}
