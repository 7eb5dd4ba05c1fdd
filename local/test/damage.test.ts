/** What a start says of each file that is missing, cut off or of no use; nothing is lost without a word. */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { createClock } from "../clock.ts";
import { type Cloud, startCloud } from "../cloud.ts";
import { createCredentials } from "../credentials.ts";
import { openFolder } from "../data/open-folder.ts";
import { lockDirectory } from "../lock-file.ts";
import { replaceFile } from "../replace-file.ts";
import { temporaryDirectory, writeAssembly } from "./fixture.ts";

const OBJECTS = 12;
const KEYS = Array.from({ length: OBJECTS }, (_, index) => `object-${index}`);
/** Longer than a page of SQLite's, so that half of a database lacks some. */
const TEXT = "x".repeat(3_000);

const tableProperties = {
  KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  BillingMode: "PAY_PER_REQUEST",
};
const makeAssembly = () =>
  writeAssembly({
    resources: {
      Bucket: { Type: "AWS::S3::Bucket" },
      Queue: { Type: "AWS::SQS::Queue" },
      Table: { Type: "AWS::DynamoDB::Table", Properties: tableProperties },
    },
    outputs: { Bucket: { Value: { Ref: "Bucket" } }, Table: { Value: { Ref: "Table" } } },
  });

const home = mkdtempSync(join(tmpdir(), "local-cloud-damage-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

type End = "stopped" | "killed";
let made: Promise<void> | undefined;

/** A copy of a folder with objects, whose cloud was stopped or killed. */
async function folderAfter(end: End): Promise<string> {
  made ??= make();
  await made;
  const dir = temporaryDirectory();
  cpSync(join(home, end), dir, { recursive: true });
  return dir;
}

async function make(): Promise<void> {
  const dataDir = join(home, "stopped");
  const first = await startCloud({ assembly: makeAssembly(), dataDir });
  for (const key of KEYS) await putObject(first, key);
  await first.stop();
  // Whatever a killed process leaves is what its files hold at that moment.
  const killed = join(home, "killed");
  cpSync(dataDir, killed, { recursive: true });
  const second = await startCloud({ assembly: makeAssembly(), dataDir: killed });
  await putObject(second, KEYS[0] ?? "");
  await second.waitForIdle();
  cpSync(killed, join(home, "copy"), { recursive: true });
  await second.stop();
  rmSync(killed, { recursive: true });
  renameSync(join(home, "copy"), killed);
}

async function putObject(cloud: Cloud, Key: string): Promise<void> {
  const Metadata = { text: TEXT.slice(0, 1_500) };
  await clientOf(cloud).send(
    new PutObjectCommand({ Bucket: cloud.outputs["Bucket"], Key, Body: TEXT, Metadata }),
  );
}

function clientOf({ awsUrl: endpoint, rootCredentials: credentials }: Cloud): S3Client {
  // A copy: the SDK writes notes of its own into what it is given.
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    credentials: { ...credentials },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** How many objects are as they were. */
async function countObjects(cloud: Cloud): Promise<number> {
  const client = clientOf(cloud);
  const texts = KEYS.map(async (Key) => {
    const answer = await client.send(new GetObjectCommand({ Bucket: cloud.outputs["Bucket"], Key }));
    return answer.Body?.transformToString();
  });
  return (await Promise.all(texts)).filter((text) => text === TEXT).length;
}

async function start(dataDir: string): Promise<Cloud> {
  const cloud = await startCloud({ assembly: makeAssembly(), dataDir });
  onTestFinished(cloud.stop);
  return cloud;
}

const DAMAGES = {
  missing: (file: string) => rmSync(file),
  empty: (file: string) => truncateSync(file, 0),
  halved: (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  garbage: (file: string) => writeFileSync(file, "~".repeat(Math.max(100, statSync(file).size))),
  "a directory": (file: string) => {
    rmSync(file);
    mkdirSync(file);
  },
};
type Damage = keyof typeof DAMAGES;

/** Starts, and answers what was said; without an error, that all is there. */
async function startAfter(end: End, name: string, damage: Damage): Promise<string> {
  const dir = await folderAfter(end);
  const before = readdirSync(join(dir, "blobs")).length;
  DAMAGES[damage](join(dir, name));
  try {
    const cloud = await start(dir);
    expect(await countObjects(cloud)).toBe(OBJECTS);
    return cloud.notes.join("\n") || "starts";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    // The heart of it: whatever is damaged, no byte goes.
    if (existsSync(join(dir, "blobs"))) expect(readdirSync(join(dir, "blobs"))).toHaveLength(before);
  }
}

const RESTORE =
  "Put it back from a backup of the whole folder, start in another folder with --data, or remove the folder";
const OBJECT_ROWS = `It says which bytes are whose. ${RESTORE}`;
const TABLE_ROWS = `It holds the table. ${RESTORE}`;
const QUEUES = "Put it back from a backup, or delete it: the queues then begin empty";
const KEY =
  "It holds the account's key. Put it back from a backup, or delete it: the next start makes a new key";
const NEEDLESS = "It holds nothing that is needed: remove it";
const DIRECTORY = "is a directory where a file must be";
const says = (why: string, wayOut: string) => ` ${why}. ${wayOut}`;

describe.each(["stopped", "killed"] as const)("a folder whose cloud was %s", (end) => {
  const halved = end === "stopped" ? "is cut off: " : "is damaged (";
  const json = (wayOut: string) => ({
    empty: says("is empty", wayOut),
    halved: says("is cut off or otherwise no JSON", wayOut),
    garbage: says("is cut off or otherwise no JSON", wayOut),
    "a directory": says(DIRECTORY, wayOut),
  });
  const database = (wayOut: string) => ({
    empty: says("is empty", wayOut),
    garbage: says("is no SQLite database", wayOut),
    "a directory": says(DIRECTORY, wayOut),
    halved,
  });
  const sayings: Record<string, Record<Damage, string>> = {
    "s3.sqlite": {
      ...database(OBJECT_ROWS),
      missing: `is missing, though there are bytes of ${OBJECTS} uploads. ${OBJECT_ROWS}`,
    },
    "dynamodb.sqlite": { ...database(TABLE_ROWS), missing: "is missing, though there are bytes of" },
    "sqs.sqlite": { ...database(QUEUES), missing: "sqs.sqlite was missing: the queues begin empty" },
    "credentials.json": { ...json(KEY), missing: "was missing: the account has a new key" },
    "run-state": {
      missing: "starts",
      empty: "starts",
      halved: "starts",
      garbage: "starts",
      "a directory": says(DIRECTORY, "It only says how the last run ended: remove it"),
    },
    "lock.sqlite": {
      missing: "starts",
      empty: "starts",
      halved: "starts",
      garbage: `(file is not a database). ${NEEDLESS}`,
      "a directory": says(DIRECTORY, NEEDLESS),
    },
    pid: {
      missing: "starts",
      empty: "starts",
      halved: "starts",
      garbage: "starts",
      "a directory": says(DIRECTORY, NEEDLESS),
    },
  };
  const cases = Object.entries(sayings).flatMap(([name, row]) =>
    Object.entries(row).map(([damage, said]) => [name, damage as Damage, said] as const),
  );
  test.each(cases)("%s %s", async (name, damage, said) => {
    const heard = await startAfter(end, name, damage);
    expect(heard).toContain(said);
    if (said !== "starts") expect(heard).toContain(name);
  });

  test("starts undamaged, without a note", async () => {
    const cloud = await start(await folderAfter(end));
    expect(cloud.notes).toEqual([]);
    expect(await countObjects(cloud)).toBe(OBJECTS);
  });

  test("blobs missing", async () => {
    const dir = await folderAfter(end);
    rmSync(join(dir, "blobs"), { recursive: true });
    await expect(start(dir)).rejects.toThrow(
      /blobs is missing\. It holds the bytes of all files\. Put it back/,
    );
  });
});

test.each(["s3.sqlite", "dynamodb.sqlite", "sqs.sqlite", "credentials.json", "run-state", "lock.sqlite"])(
  "%s unreadable: the start says who can't read what",
  async (name) => {
    const dir = await folderAfter("stopped");
    letOthersIn(dir);
    chmodSync(join(dir, name), 0o000);
    const open = () => {
      const release = lockDirectory(dir);
      onTestFinished(release);
      openFolder(dir);
      createCredentials({ clock: createClock(), dir });
    };
    expect(() => asNobody(open)).toThrow(
      new RegExp(`${name}.*EACCES.*[.;].*(backup|remove it|another directory)`, "i"),
    );
  },
);

const NOBODY = 65_534;

/** Lets the user without rights own all of `dir`. */
function letOthersIn(dir: string): void {
  if (process.getuid?.() !== 0) return;
  chmodSync(tmpdir(), statSync(tmpdir()).mode | 0o111);
  chownSync(dir, NOBODY, NOBODY);
  for (const name of readdirSync(dir)) chownSync(join(dir, name), NOBODY, NOBODY);
}

/** Runs `work` without the rights of root, who may read everything. */
function asNobody(work: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** Turns every bit of the last page, which holds rows or keys. */
function flipLastPage(file: string): void {
  const bytes = readFileSync(file);
  const page = bytes.subarray(bytes.length - 4096);
  for (const [index, byte] of page.entries()) page[index] = ~byte & 0xff;
  writeFileSync(file, bytes);
}

test.each(["s3.sqlite", "dynamodb.sqlite", "sqs.sqlite"])(
  "%s with a page of noise is named after an unclean stop",
  async (name) => {
    const dir = await folderAfter("stopped");
    writeFileSync(join(dir, "run-state"), "starting");
    flipLastPage(join(dir, name));
    await expect(start(dir)).rejects.toThrow(new RegExp(`${name} is damaged \\(.*\\)\\. .*backup`));
  },
);

test("noise in s3.sqlite that a start reads is named after a clean stop too", async () => {
  const dir = await folderAfter("stopped");
  const file = join(dir, "s3.sqlite");
  const bytes = readFileSync(file);
  bytes.fill(0xaa, 4096);
  writeFileSync(file, bytes);
  await expect(start(dir)).rejects.toThrow(
    /s3\.sqlite is damaged \(.*\)\. It says which bytes are whose\. Put it back/,
  );
});

test("without its write-ahead log, a database whose cloud was killed is not taken for whole", async () => {
  const dir = await folderAfter("killed");
  rmSync(join(dir, "s3.sqlite-wal"));
  await expect(start(dir)).rejects.toThrow(
    /s3\.sqlite-wal is missing, with what was written last .*\. It says/,
  );
});

test("a folder of an earlier version is known by its blobs", async () => {
  const dir = await folderAfter("stopped");
  rmSync(join(dir, "run-state"));
  rmSync(join(dir, "s3.sqlite"));
  await expect(start(dir)).rejects.toThrow("s3.sqlite is missing, though there are bytes of 12 uploads");
});

test("a first start that was killed half way begins anew", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "blobs"));
  writeFileSync(join(dir, "dynamodb.sqlite"), "");
  const cloud = await start(dir);
  expect(cloud.notes).toEqual([]);
});

test("blobs of a database that came from an older backup are moved, said, and come back with the newer one", async () => {
  const dir = await folderAfter("stopped");
  const newer = join(home, "newer.sqlite");
  const older = join(home, "older.sqlite");
  cpSync(join(dir, "s3.sqlite"), older);
  const first = await start(dir);
  await putObject(first, "later");
  await first.stop();
  cpSync(join(dir, "s3.sqlite"), newer);

  cpSync(older, join(dir, "s3.sqlite"));
  const second = await start(dir);
  expect(second.notes).toEqual([
    expect.stringMatching(/lost-blobs has 1 file, 3 KiB: .*delete it when you miss nothing$/),
  ]);
  expect(second.logs.lines().map(({ text }) => text)).toContain(second.notes[0]);
  expect(readdirSync(join(dir, "lost-blobs"))).toHaveLength(1);
  await second.stop();

  cpSync(newer, join(dir, "s3.sqlite"));
  const third = await start(dir);
  expect(third.notes).toEqual([]);
  const get = new GetObjectCommand({ Bucket: third.outputs["Bucket"], Key: "later" });
  expect(await (await clientOf(third).send(get)).Body?.transformToString()).toBe(TEXT);
});

test("a blob that is missing is named at the start, with its object", async () => {
  const dir = await folderAfter("stopped");
  const [blob = ""] = readdirSync(join(dir, "blobs"));
  rmSync(join(dir, "blobs", blob));
  const cloud = await start(dir);
  expect(cloud.notes).toEqual([
    expect.stringMatching(/^1 blob is missing.*: object-\d+; put the folder back/),
  ]);
});

test("a part that is missing is told as one of an open upload", async () => {
  const dir = temporaryDirectory();
  const first = await start(dir);
  const client = await clientOf(first);
  const target = { Bucket: first.outputs["Bucket"], Key: "begun" };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: TEXT }));
  await first.stop();
  for (const blob of readdirSync(join(dir, "blobs"))) rmSync(join(dir, "blobs", blob));
  const second = await start(dir);
  expect(second.notes).toEqual(["1 blob is missing of 1 open upload: begun; send these parts again"]);
});

test("what a start writes anew says so where a directory is in its place", () => {
  const file = join(temporaryDirectory(), "endpoint.json");
  mkdirSync(file);
  expect(() => replaceFile(file, "{}")).toThrow(
    `${file} is a directory where a file must be. It is written anew at each change: remove it.`,
  );
});

test.each([
  ["reserve", mkdirSync, "is a directory where a file must be. It only keeps room back: remove it."],
  [
    "lost-blobs",
    (file: string) => writeFileSync(file, ""),
    "is no directory. Bytes that no object names go there: move it away, or remove it.",
  ],
])("%s of another kind stops the start", async (name, make, said) => {
  const dir = await folderAfter("stopped");
  rmSync(join(dir, name), { recursive: true, force: true });
  make(join(dir, name));
  await expect(start(dir)).rejects.toThrow(`${join(dir, name)} ${said}`);
});

test.each([
  ["credentials.json", { accessKeyId: "" }, KEY],
  ["credentials.json", { secretAccessKey: "" }, KEY],
  ["credentials.json", { tokenKey: "" }, KEY],
  ["credentials.json", { tokenKey: "AAAA" }, KEY],
])("%s with %j is damaged", async (name, wrong, wayOut) => {
  const dir = await folderAfter("stopped");
  const file = join(dir, name);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...wrong }));
  const open = () => {
    createCredentials({ clock: createClock(), dir });
  };
  expect(open).toThrow(`${file} lacks what it must hold (${Object.keys(wrong)}). ${wayOut}`);
});

test("damage that a call meets is said to its caller, in the log and at the next start", async () => {
  const dir = temporaryDirectory();
  const first = await start(dir);
  await table(first, ({ client, TableName }) =>
    Promise.all(KEYS.map((pk) => client.send(new PutItemCommand({ TableName, Item: itemOf(pk) })))),
  );
  await first.stop();
  const file = join(dir, "dynamodb.sqlite");
  spoilPagesWith(file, TEXT.slice(0, 100));

  const second = await start(dir);
  second.clearTraces();
  await table(second, async ({ client, TableName }) => {
    const read = client.send(new GetItemCommand({ TableName, Key: { pk: { S: KEYS[0] ?? "" } } }));
    await expect(read).rejects.toMatchObject({
      name: "StorageDamaged",
      message: expect.stringContaining("The database dynamodb.sqlite of this local cloud is damaged"),
      $metadata: { httpStatusCode: 507, attempts: 1 },
    });
  });
  expect(second.logs.lines().map(({ text }) => text)).toContainEqual(
    expect.stringContaining(`${file} is damaged. Put it back`),
  );
  await second.stop();
  await expect(start(dir)).rejects.toThrow(/dynamodb\.sqlite is damaged \(.*\)\. It holds the table\./);
});

const itemOf = (pk: string) => ({ pk: { S: pk }, text: { S: TEXT } });

/** Runs `work` with the table of the cloud. */
async function table(
  { awsUrl: endpoint, rootCredentials, outputs }: Cloud,
  work: (table: { client: DynamoDBClient; TableName: string | undefined }) => Promise<unknown>,
): Promise<void> {
  const credentials = { ...rootCredentials };
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  onTestFinished(() => client.destroy());
  await work({ client, TableName: outputs["Table"] });
}

/** Fills every page with noise that holds `text`. */
function spoilPagesWith(file: string, text: string): void {
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at)) {
    const page = at - (at % 4096);
    bytes.fill(0xaa, page, page + 4096);
  }
  writeFileSync(file, bytes);
}
