/** Every call to S3 × what S3 and the way to it do wrong × every verb that makes it: once, and until the client was told. */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { type Fault, s3Fault } from "@wharf/local-cloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { problem } from "#contract/common.ts";
import { fileRecord } from "#core/files/records.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { finishUpload } from "#core/finalize/finish-upload.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import { purgeFile } from "#core/versions/purge-version.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Client, startWorld, type World } from "#test/support/world.ts";

const DAY = 86_400_000;

/** Whom a call's fault meets: everything that a cell does happens in a workspace of its own. */
const faults = new Map<string, { action: string; fault: Fault; left: number; hits: number }>();
let world: World;

beforeAll(async () => {
  world = await startWorld();
  world.setFault(({ caller, action, path }) => {
    const [, , , workspace = ""] = path.split("/");
    const mine = faults.get(workspace);
    // What holders of presigned URLs send is not a verb's call.
    if (mine === undefined || caller.startsWith("presigned") || mine.action !== action || mine.left === 0)
      return undefined;
    mine.left--;
    mine.hits++;
    return mine.fault;
  });
});
afterAll(() => world.close());

type Answer = Pick<Response, "status" | "headers" | "json">;

/** One verb: what comes before, the call under test, and what must be true once S3 is well again. */
interface Verb {
  name: string;
  calls: string[];
  prepare(client: Client): Promise<Act>;
}
interface Act {
  /** The request; background work answers nothing and may throw. */
  ask(): Promise<Answer | undefined>;
  /** Whether all is as it should be after the last answer. */
  holds(last: Answer | undefined): Promise<void>;
}

const CONTENT = "hello";
const ready = async (client: Client, answer: Answer | undefined) => {
  const { file_id, size } = finalizeAnswer.parse(await answer?.json());
  expect(size).toBe(CONTENT.length);
  expect((await uploader(client).download(file_id)).toString()).toBe(CONTENT);
};
const objectsOf = async (workspace: string) => {
  const { KeyCount } = await world.s3.send(
    new ListObjectsV2Command({ Bucket: "files", Prefix: `o/${workspace}/` }),
  );
  return KeyCount ?? 0;
};

const verbs: Verb[] = [
  {
    name: "start",
    calls: ["CreateMultipartUpload"],
    async prepare(client) {
      const json = { filename: "start.txt", size: 5 };
      return {
        ask: () => client.request("/v1/uploads", { json }),
        async holds(last) {
          expect(last?.status).toBe(201);
          await ready(client, await uploadAndFinish(client));
        },
      };
    },
  },
  {
    name: "finalize",
    calls: ["ListParts", "CompleteMultipartUpload", "HeadObject", "GetObject"],
    async prepare(client) {
      const { upload_id } = await uploader(client).upload("finalize.txt", CONTENT);
      return { ask: () => uploader(client).finalize(upload_id), holds: (last) => ready(client, last) };
    },
  },
  {
    name: "finalize, empty",
    calls: ["PutObject", "AbortMultipartUpload"],
    async prepare(client) {
      const { upload_id } = await uploader(client).start({ filename: "empty.txt", size: 0 });
      return {
        ask: () => uploader(client).finalize(upload_id),
        async holds(last) {
          expect(finalizeAnswer.parse(await last?.json()).size).toBe(0);
        },
      };
    },
  },
  {
    name: "one request",
    calls: ["PutObject"],
    async prepare(client) {
      const ask = () => {
        const body = new FormData();
        body.set("file", new Blob([CONTENT]), "one.txt");
        return client.request("/v1/files/upload", { method: "POST", body });
      };
      return { ask, holds: (last) => ready(client, last) };
    },
  },
  {
    name: "status",
    calls: ["ListParts"],
    async prepare(client) {
      const { upload_id } = await uploader(client).upload("status.txt", CONTENT);
      return {
        ask: () => client.request(`/v1/uploads/${upload_id}`),
        async holds(last) {
          expect(await last?.json()).toMatchObject({ received: [[1, 1]], bytes_received: 5 });
        },
      };
    },
  },
  {
    name: "abort",
    calls: ["AbortMultipartUpload", "DeleteObject"],
    async prepare(client) {
      const { upload_id, workspace_id } = await uploader(client).upload("abort.txt", CONTENT);
      return {
        ask: () => uploader(client).drop(upload_id),
        async holds(last) {
          expect([last?.status, await objectsOf(workspace_id)]).toEqual([204, 0]);
        },
      };
    },
  },
  {
    name: "ingest",
    calls: ["HeadObject", "GetObject"],
    async prepare(client) {
      const by = uploader(client);
      const { upload_id, workspace_id } = await by.upload("ingest.txt", CONTENT);
      // The finalize that began it died when S3 had made the object.
      fail(workspace_id, "HeadObject", s3Fault("AccessDenied"));
      expect((await by.finalize(upload_id)).status).toBe(500);
      faults.delete(workspace_id);
      return {
        async ask() {
          await finishUpload(world.deps, upload_id);
          return undefined;
        },
        async holds() {
          expect(await by.status(upload_id)).toMatchObject({ state: "completed" });
          await ready(client, await by.finalize(upload_id));
        },
      };
    },
  },
  {
    name: "purge",
    calls: ["DeleteObject"],
    async prepare(client) {
      const fileId = await world.addFile(client, "purge.txt", CONTENT);
      expect((await client.request(`/v1/files/${fileId}`, { method: "DELETE" })).status).toBe(204);
      expect((await client.request(`/v1/trash/${fileId}`, { method: "DELETE" })).status).toBe(204);
      const file = async () => world.deps.table.get(fileRecord, keys.node(fileId));
      const object = (await file())?.object_key ?? "";
      return {
        async ask() {
          const record = await file();
          if (record !== undefined) await purgeFile(world.deps, record, { timeLeft: () => true });
          return undefined;
        },
        async holds() {
          expect(object).toContain(client.workspace_id);
          expect(await objectsOf(client.workspace_id)).toBe(0);
        },
      };
    },
  },
];

async function uploadAndFinish(client: Client): Promise<Answer> {
  const by = uploader(client);
  return by.finalize((await by.upload("after.txt", CONTENT)).upload_id);
}

/** From now on `times` of a workspace's calls go wrong. */
function fail(workspace: string, action: string, fault: Fault, times = Number.POSITIVE_INFINITY) {
  const entry = { action, fault, left: times, hits: 0 };
  faults.set(workspace, entry);
  return entry;
}

const missing = (action: string) =>
  ["ListParts", "CompleteMultipartUpload", "AbortMultipartUpload"].includes(action)
    ? s3Fault("NoSuchUpload")
    : ["HeadObject", "GetObject"].includes(action)
      ? s3Fault("NoSuchKey")
      : s3Fault("NoSuchBucket");

/** What goes wrong; `undefined` where S3 does no such thing to that call. */
const kinds: Record<string, (action: string) => Fault | undefined> = {
  "403": () => s3Fault("AccessDenied"),
  "403 skewed": () => s3Fault("RequestTimeTooSkewed"),
  "404": missing,
  // These two are answers to conditions and to bodies that come slowly; HEAD has neither.
  "409": (action) => (action === "HeadObject" ? undefined : s3Fault("ConditionalRequestConflict")),
  "500": () => s3Fault("InternalError"),
  "503 SlowDown": () => s3Fault("SlowDown"),
  "400 RequestTimeout": (action) => (action === "HeadObject" ? undefined : s3Fault("RequestTimeout")),
  "200 with error": (action) =>
    action === "CompleteMultipartUpload"
      ? { lateError: s3Fault("InternalError").error, layout: "before" }
      : undefined,
  "cut off, done": (action) =>
    action === "CompleteMultipartUpload" ? { broken: "half", happened: true } : "after",
  "cut off, not done": (action) =>
    action === "CompleteMultipartUpload" ? { broken: "preamble", happened: false } : "before",
  slow: (action) => (action === "CompleteMultipartUpload" ? { slow: 26_000 } : { delayMs: 12_000 }),
};

interface Told {
  verb: string;
  action: string;
  kind: string;
  times: string;
  told: string[];
}

/** Plays one cell of the matrix, and says what the client was told. */
async function play(verb: Verb, action: string, kind: string, fault: Fault, times: number): Promise<Told> {
  const client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
  const act = await verb.prepare(client);
  const planned = fail(client.workspace_id, action, fault, times);
  const told: string[] = [];
  let last: Answer | undefined;
  // Until S3 is well again, which it is once the client was refused, as it asks again when it is told to.
  for (let attempt = 0; attempt < 12; attempt++) {
    let failed = false;
    try {
      last = await act.ask();
    } catch (error) {
      failed = true;
      told.push(error instanceof Error ? error.name : "failed");
    }
    if (last !== undefined && last.status >= 400) {
      failed = true;
      const { status, code, retry_after_seconds } = problem.parse(await last.json());
      if (status === 503) expect(last.headers.get("retry-after")).toBe(String(retry_after_seconds));
      told.push(`${status} ${code}`);
    }
    if (!failed) break;
    faults.delete(client.workspace_id);
    // S3's own time is the machine's.
    if (told.at(-1) === "503 finalizing") await new Promise((resolve) => setTimeout(resolve, 1_000));
    last = undefined;
  }
  expect(planned.hits).toBeGreaterThan(0);
  faults.delete(client.workspace_id);
  if (kind === "404" && verb.name === "finalize" && action === "ListParts") {
    // No such upload, and no object: it is over for good, and stays what the client was told.
    expect(told).toEqual(["410 upload_expired", ...told.slice(1)]);
    return { verb: verb.name, action, kind, times: times === 1 ? "once" : "until told", told };
  }
  // S3's 404 is taken for the truth; once it is another, so is the answer.
  if (kind === "404" && (verb.name === "status" || verb.name === "ingest")) last = await act.ask();
  await act.holds(last);
  return { verb: verb.name, action, kind, times: times === 1 ? "once" : "until told", told };
}

const cells = verbs.flatMap((verb) =>
  verb.calls.flatMap((action) =>
    Object.entries(kinds).flatMap(([kind, faultOf]) => {
      const fault = faultOf(action);
      return fault === undefined
        ? []
        : [1, Number.POSITIVE_INFINITY].map((times) => ({ verb, action, kind, fault, times }));
    }),
  ),
);

test("whatever S3 does, the client is told the truth, and in the end the file is there", async () => {
  const all: Told[] = [];
  const wrong: string[] = [];
  const worker = async (waiting: typeof cells) => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const { verb, action, kind, fault, times } = cell;
      try {
        all.push(await play(verb, action, kind, fault, times));
      } catch (error) {
        wrong.push(
          `${verb.name}, ${action}, ${kind}, ${times}: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
  };
  // Passing faults first: the SDK's tries cost of a quota, which faults that stay use up.
  for (const times of [1, Number.POSITIVE_INFINITY]) {
    const waiting = cells.filter((cell) => cell.times === times);
    await Promise.all(Array.from({ length: 40 }, () => worker(waiting)));
  }
  const table: Record<string, Record<string, string>> = {};
  for (const { verb, action, kind, told, times } of all) {
    const row = `${verb}: ${action}`;
    table[row] ??= {};
    if (times !== "once") table[row][kind] = told[0] ?? "ok";
  }
  console.table(table);
  console.log(`S3's faults: ${cells.length} cells, ${all.length} as they should be, ${wrong.length} not`);
  expect(wrong).toEqual([]);
  // Nobody is told that something is gone which isn't.
  const lies = all.filter(({ kind, told }) => kind !== "404" && told.some((one) => /^(404|410)/.test(one)));
  expect(lies).toEqual([]);
  // What passes within seconds nobody is told of.
  const passing = [
    "409",
    "500",
    "503 SlowDown",
    "400 RequestTimeout",
    "200 with error",
    "cut off, done",
    "cut off, not done",
  ];
  const told = all.filter(
    ({ kind, times, told }) => times === "once" && passing.includes(kind) && told.length > 0,
  );
  expect(told).toEqual([]);
}, 240_000);

test("and nothing is left behind", async () => {
  for (let day = 0; day < 8; day++) {
    world.advance(DAY);
    await sweepUploads(world.deps);
    await sweepVersions(world.deps);
  }
  const items = await world.dump();
  expect(items.filter((item) => String(item["due_pk"]).startsWith("upload#"))).toEqual([]);
  const named = new Set(items.flatMap((item) => (item["state"] === "ready" ? [item["object_key"]] : [])));
  const keys: string[] = [];
  let after: string | undefined;
  do {
    const page = await world.s3.send(
      new ListObjectsV2Command({
        Bucket: "files",
        ...(after === undefined ? {} : { ContinuationToken: after }),
      }),
    );
    keys.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
    after = page.NextContinuationToken;
  } while (after !== undefined);
  expect(keys.filter((key) => !named.has(key))).toEqual([]);
});
