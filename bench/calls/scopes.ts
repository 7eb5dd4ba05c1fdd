/** What the dearest calls of each scope cost, with all that they set off, as the local cloud counts it. */
import type { CallTrace } from "@wharf/local-cloud";
import * as z from "zod";
import { MAX_METADATA_BYTES } from "#contract/content.ts";
import { type Scope, scopes } from "#contract/scopes.ts";
import { startsAnswer } from "#core/batches/contract.ts";
import { registeredWebhook } from "#core/endpoints/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { share } from "#core/links/contract.ts";
import { batchAnswer, lockGrant } from "#core/locks/contract.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { FIRST_WINDOW } from "#core/uploads/limits.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { perMillion } from "#cost/prices.ts";
import { type ApiInit, putPart } from "#test/support/api-client.ts";
import type { Story } from "#test/support/story.ts";
import { GIVEN_AND_LEFT, GRANTED, LEFT, measureAccess, measureClientsEnd } from "./access-scopes.ts";
import { priceOfCall } from "./count.ts";
import { copyFile } from "./lists.ts";
import { watch } from "./watch.ts";

export interface ScopeCost {
  scope: Scope | "none";
  call: string;
  readUnits: number;
  writeUnits: number;
  /** Requests to S3 and messages to SQS. */
  requests: number;
  /** Events on the bus. */
  events: number;
  /** Of a million such calls, in US dollars, without Lambda's duration. */
  usdPerMillion: number;
}

const bytes = new TextEncoder().encode("hello");
/** As deep, and as long, as a path may be: 32 folders and a name, in 1 KB. */
const deep = (id: number) =>
  [...Array.from({ length: 32 }, (_, level) => `${id}-${level}-`.padEnd(29, "f")), "file.txt"].join("/");
const metadata = Object.fromEntries(
  Array.from({ length: 4 }, (_, index) => [`key${index}`, "v".repeat(MAX_METADATA_BYTES / 4 - 4)]),
);

/** Counts every candidate once, each at its largest, in a story that has done nothing yet. The client must have all scopes. */
export async function countScopes(story: Story): Promise<ScopeCost[]> {
  const costs: ScopeCost[] = [];
  let id = 0;

  async function measure(scope: ScopeCost["scope"], call: string, path: string, init: ApiInit = {}) {
    const watched = await watch(story, { send: () => story.api(path, init) });
    const { answer } = watched;
    if (answer.status >= 400) throw new Error(`${call}: ${answer.status} ${await answer.text()}`);
    costs.push(costOf({ scope, call, events: watched.busEvents }, watched.traces));
    return answer;
  }

  await measureClientsEnd(story, measure);
  const files = await inParallel(
    Array.from({ length: 100 }, (_, index) => `many/${index}.txt`),
    4,
    // No links: only what is listed counts here.
    (filename) => story.upload(bytes, { filename, start: { metadata }, finalize: { share: false } }),
  );
  const [first, second, third] = files.map(({ file_id }) => `/v1/files/${file_id}`);
  await measure("none", "POST /v1/auth/token", "/v1/auth/token", {
    json: { client_id: story.clientId, client_secret: story.clientSecret },
    token: null,
  });
  const link = await story.json(share, `${first}/shares`, {
    json: { password: "a password", max_downloads: 9 },
  });
  await measure("none", "POST /s/{token}, right password", new URL(link.share_url).pathname, {
    method: "POST",
    body: new URLSearchParams({ password: "a password" }),
    token: null,
  });

  const many = `/v1/workspaces/${story.workspaceId}/files?path=many&limit=100`;
  await measure("files:read", "GET /v1/workspaces/{ws}/files, 100 files", many);
  await copyFile(story, files[0]?.file_id ?? "", 400);
  const since = new Date(story.cloud.clock.now()).toISOString();
  await measure(
    "files:read",
    "GET /v1/workspaces/{ws}/files?updated_since=, 500 looked through",
    `${many}&recursive=true&updated_since=${since}`,
  );
  await measure(
    "files:read",
    "GET /v1/events, 100 events",
    `/v1/events?workspace=${story.workspaceId}&limit=100`,
  );

  const start = { filename: deep(++id), size: bytes.length, metadata, if_exists: "fail" };
  const started = startAnswer.parse(
    await (
      await measure("files:write", "POST /v1/uploads, 1 KB of path, 2 KB of metadata", "/v1/uploads", {
        json: start,
      })
    ).json(),
  );
  for (const part of started.parts.slice(0, FIRST_WINDOW)) await putPart(started, part, bytes);
  const finalize = `/v1/uploads/${started.upload_id}/finalize`;
  const finalized = finalizeAnswer.parse(
    await (
      await measure("files:write", "POST …/finalize, 32 new folders", finalize, { json: { share: false } })
    ).json(),
  );
  const folders = deep(++id).split("/").slice(0, -1).join("/");
  await measure(
    "files:write",
    "POST /v1/workspaces/{ws}/folders, 32 new folders",
    `/v1/workspaces/${story.workspaceId}/folders`,
    { json: { path: folders } },
  );
  // Of one alone, as large as it may be: of more each costs no more, and how many of their events meet is chance.
  const starts = [{ ...start, filename: deep(++id) }];
  const batched = await measure("files:write", STARTS, "/v1/uploads/batch", { json: { files: starts } });
  const sessions = z
    .array(z.object({ upload: startAnswer }))
    .parse(startsAnswer.parse(await batched.json()).items);
  for (const { upload } of sessions) for (const part of upload.parts) await putPart(upload, part, bytes);
  const upload_ids = sessions.map(({ upload }) => upload.upload_id);
  await measure("files:write", ENDS, "/v1/uploads/finalize", { json: { upload_ids, share: false } });
  const form = new FormData();
  form.set("path", deep(++id).split("/").slice(0, -1).join("/"));
  form.set("share", "false");
  form.set("file", new Blob(["hello"]), "direct.txt");
  await measure("files:write", "POST /v1/files/upload, 32 new folders", "/v1/files/upload", {
    method: "POST",
    body: form,
  });
  await measure("files:write", COPIED, `/v1/files/${files[70]?.file_id}/copy`, {
    json: { folder: `/${deep(++id).split("/").slice(0, -1).join("/")}` },
  });
  // The count of live locks is read once a minute: just now, for this.
  await story.api(`${second}/lock`, { json: {} });
  const batch = await measure("locks:write", LOCKED, "/v1/locks/batch", {
    json: { file_ids: files.slice(10, 35).map(({ file_id }) => file_id), client: "c".repeat(128) },
  });
  const [lock] = batchAnswer.parse(await batch.json()).items;
  await measure("locks:write", RELEASED, `/v1/files/${lock?.file_id}/lock`, {
    method: "DELETE",
    headers: { "Lock-Token": lock?.lock_token ?? "" },
  });
  await measure("files:write", RENAMED, first ?? "", {
    method: "PATCH",
    json: { name: "z.txt" },
  });
  // Of three bytes each in UTF-8, which is the most that a UTF-16 unit takes.
  const tags = Array.from({ length: 50 }, (_, at) => `${at}`.padEnd(20, "t"));
  const words = { description: "€".repeat(500), tags };
  // All of it goes, and as much comes.
  const others = Object.keys(metadata).flatMap((key) => [
    [key, null] as const,
    [key.toUpperCase(), "v".repeat(500)] as const,
  ]);
  await measure("files:write", DESCRIBED, third ?? "", {
    method: "PATCH",
    json: { name: "described.txt", ...words, metadata: Object.fromEntries(others) },
  });

  await measure("files:delete", "DELETE /v1/files/{id}", `/v1/files/${files[50]?.file_id}`, {
    method: "DELETE",
  });
  await measure("files:delete", "POST /v1/files/batch: each of the files deleted", "/v1/files/batch", {
    json: { delete: [{ file_id: files[60]?.file_id }] },
  });
  const linked = `/v1/files/${files[51]?.file_id}/shares`;
  // More than the page has: a hundred alone are as large as three units, but for a byte or so.
  await inParallel(Array.from({ length: 110 }), 4, () => story.json(share, linked, { json: {} }));
  await measure("shares:read", "GET /v1/files/{id}/shares, 100 links", `${linked}?limit=100`);
  await measure("shares:write", "POST /v1/files/{id}/shares, a password", `${first}/shares`, {
    json: { password: "another password", max_downloads: 9 },
  });
  lockGrant.parse(await (await story.api(`${first}/lock`, { json: {} })).json());
  await measure("locks:break", "POST /v1/files/{id}/lock/break", `${first}/lock/break`, {
    json: { reason: "r".repeat(200) },
  });

  await measureAccess(story, measure, finalized);

  const receiver = await story.receiver();
  const hook = registeredWebhook.parse(
    await (
      await measure("webhooks:write", "POST /v1/webhooks", "/v1/webhooks", {
        json: { url: receiver.url, events: ["file_moved"], description: "d".repeat(500) },
      })
    ).json(),
  );
  // Until it has answered once it gets one request at a time.
  await story.api(first ?? "", { method: "PATCH", json: { name: "y.txt" } });
  await receiver.until(1);
  await story.cloud.waitForIdle();
  await measure("webhooks:write", DELIVERED, first ?? "", {
    method: "PATCH",
    json: { name: "x.txt" },
  });
  await receiver.until(2);
  await story.api(`/v1/webhooks/${hook.webhook_id}`, { method: "DELETE" });
  const end = { url: receiver.url, events: ["link_expired"], description: "d".repeat(500) };
  await inParallel(Array.from({ length: 100 }), 4, () =>
    story.json(registeredWebhook, "/v1/webhooks", { json: end }),
  );
  await measure("webhooks:read", "GET /v1/webhooks, 100 endpoints", "/v1/webhooks?limit=100");
  // Last of all: a workspace more makes the caller's record longer.
  await story.json(workspace, "/v1/workspaces", { json: { name: "other" } });
  await measure("files:write", MOVED, third ?? "", {
    method: "PATCH",
    json: { name: "moved.txt", workspace: "other" },
  });
  const inOrder = costs.toSorted((one, other) => orderOf(one.scope) - orderOf(other.scope));
  return inOrder.flatMap((cost) => {
    if (cost.call === RELEASED) return [];
    // Each grant was given by a call.
    if (cost.call === LEFT) return [{ ...average(cost, find(costs, GRANTED), 50), call: GIVEN_AND_LEFT }];
    // A client holds 250 locks at most: who goes on locking releases as many.
    if (cost.call === LOCKED) return [average(cost, find(costs, RELEASED), 25)];
    return cost.call === DELIVERED ? [without(cost, find(costs, RENAMED))] : [cost];
  });
}

const STARTS = "POST /v1/uploads/batch: each of the uploads";
const ENDS = "POST /v1/uploads/finalize, 32 new folders each: each of the uploads";
const COPIED = "POST /v1/files/{id}/copy, 32 new folders";
const LOCKED = "POST /v1/locks/batch of 25 files, and 25 releases: each of the 26";
const RELEASED = "DELETE …/lock";
const RENAMED = "PATCH /v1/files/{id}";
const DESCRIBED = "PATCH /v1/files/{id}, a name, a description, 50 tags and 2 KB of metadata";
const MOVED = "PATCH /v1/files/{id}, to another workspace";
const DELIVERED = "of any call, each endpoint's delivery of its event";

/** As scopes stand in their table; what needs none comes first. */
const orderOf = (scope: ScopeCost["scope"]) => (scope === "none" ? -1 : scopes.indexOf(scope));

function find(costs: readonly ScopeCost[], wanted: string): ScopeCost {
  const found = costs.find(({ call }) => call === wanted);
  if (found === undefined) throw new Error(`${wanted} hasn't been counted`);
  return found;
}

const counted = ["readUnits", "writeUnits", "requests", "events", "usdPerMillion"] as const;

/** Each of its counts and another's, put together. */
function combine(cost: ScopeCost, other: ScopeCost, by: (one: number, other: number) => number): ScopeCost {
  return { ...cost, ...Object.fromEntries(counted.map((name) => [name, by(cost[name], other[name])])) };
}

const average = (cost: ScopeCost, other: ScopeCost, times: number) =>
  combine(cost, other, (one, each) => (one + times * each) / (1 + times));

/** What is left of a call's cost where another, without what it set off, is taken from it. */
function without(cost: ScopeCost, other: ScopeCost): ScopeCost {
  const left = combine(cost, other, (one, less) => one - less);
  // The queue's receive and delete, and the worker's invocation.
  return {
    ...left,
    usdPerMillion: left.usdPerMillion + 2 * perMillion("queueRequest") + perMillion("invocation"),
  };
}

function costOf(what: Pick<ScopeCost, "scope" | "call" | "events">, traces: readonly CallTrace[]): ScopeCost {
  const sum = (of: (trace: CallTrace) => number) => traces.reduce((total, trace) => total + of(trace), 0);
  // Events come to fan-out in fewer batches or more, as it happens: here each comes alone.
  const fanOut = traces.filter(({ caller }) => caller.startsWith("WebhooksFanOut"));
  const batches = fanOut.filter(({ action }) => action === "Query").length;
  const inBatches = fanOut.reduce((total, { readUnits = 0 }) => total + readUnits, 0);
  const alone = batches === 0 ? 0 : (inBatches / batches) * Math.max(batches, what.events);
  const readUnits = sum(({ readUnits = 0 }) => readUnits) - inBatches + alone;
  const writeUnits = sum(({ writeUnits = 0 }) => writeUnits);
  return {
    ...what,
    readUnits,
    writeUnits,
    requests: sum(({ service }) => (service === "s3" || service === "sqs" ? 1 : 0)),
    usdPerMillion:
      perMillion("apiRequest") +
      perMillion("invocation") +
      readUnits * perMillion("readUnit") +
      writeUnits * perMillion("writeUnit") +
      sum(priceOfCall) +
      // Relay and fan-out, and the events' queue: sent, received, deleted.
      what.events * (perMillion("busEvent") + 2 * perMillion("invocation") + 3 * perMillion("queueRequest")),
  };
}
