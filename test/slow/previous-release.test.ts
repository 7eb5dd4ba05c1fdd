/**
 * A data directory that the release before organizations has left: `previous-release.ndjson` is what it had in its table
 * and bucket, a line each. Its clients go on as if nothing had happened, before and after their records are brought over.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { REGION } from "@wharf/local-cloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys, sha256 } from "#aws/keys.ts";
import { createTable } from "#aws/table.ts";
import { page, problem } from "#contract/common.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { listClients } from "#core/accounts/list-clients.ts";
import { eventLog } from "#core/events/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { linkToken } from "#core/links/link-token.ts";
import { version } from "#core/versions/contract.ts";
import { startWharf } from "#start/start-wharf.ts";
import { type ApiClient, createApiClient } from "#test/support/api-client.ts";
import { eventually } from "#test/support/eventually.ts";
import { type Receiver, startReceiver } from "#test/support/receiver.ts";

/** When it was stopped. */
const STOPPED = Date.parse("2026-11-29T11:19:52.463Z");
const PREVIOUS = readFileSync(new URL("previous-release.ndjson", import.meta.url), "utf8");

const TEAM = "ws_01M8KGGP3M2D9D3M03NYF32ZSX";
const REPORT = "file_01M8KGGQVXK0HNBZ7H00ZNWXZP";
const SHARE = "shr_01M8KGGRCQF3W6PKZS4HN8VKR4";
const LOCKED = "file_01M8KGGS5V7MSPTH6Q6WS99WP2";
const BUILD = "file_01M8KGGSYGPJC95SWTYSHPHEMJ";
const SESSION = "upl_01M8KGGTCF90M9FFKXVX54VDBY";
const [PART, SIZE] = [16_777_216, 20_971_520];

const secret = () => randomBytes(32).toString("base64url");
const clients = {
  ci: { clientId: "cli_01M8KGGP3MA5PEZ00JXGFGJADB", clientSecret: `whs_${secret()}` },
  ops: { clientId: "cli_01M8KGGP5SMEDADGRCHX1SC4MJ", clientSecret: `whs_${secret()}` },
  robot: { clientId: "cli_01M8KGGP6BF066T6EXP59GMTNQ", clientSecret: `whs_${secret()}` },
};
const lockToken = `whl_${secret()}`;
const token = `wht_${clients.ci.clientId.slice(4)}_${secret()}`;
const linkKey = secret();

const dataDir = mkdtempSync(join(tmpdir(), "wharf-previous-"));
type Cloud = Awaited<ReturnType<typeof startWharf>>;
let cloud: Cloud;
let receiver: Receiver;
let link: string;
let ci: ApiClient;
let robot: ApiClient;

const tableOf = ({ awsUrl: endpoint, rootCredentials: credentials, outputs }: Cloud) =>
  createTable(new DynamoDBClient({ endpoint, region: REGION, credentials }), outputs["TableName"] ?? "");

beforeAll(async () => {
  receiver = await startReceiver();
  const before = await startWharf({ dataDir });
  await leaveBehind(before);
  await before.stop();
  cloud = await startWharf({ dataDir, maxWaitMs: 60_000 });
  const common = { origin: cloud.apiUrl, now: cloud.clock.now };
  ci = createApiClient({ ...common, ...clients.ci });
  robot = createApiClient({ ...common, ...clients.robot });
}, 120_000);
afterAll(async () => {
  await cloud.stop();
  await receiver.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Writes what is in the file, as if it had been stopped just now, with secrets and addresses of this test. */
async function leaveBehind(target: Cloud): Promise<void> {
  const table = tableOf(target);
  const { awsUrl: endpoint, rootCredentials: credentials, outputs } = target;
  const s3 = new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true });
  const Bucket = outputs["BucketName"] ?? "";
  const Key = `o/${TEAM}/${SESSION}`;
  const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  await s3.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: Buffer.alloc(PART, "a") }),
  );
  await table.put({ put: { ...keys.setting("link-key"), value: linkKey }, blind: "a test's own" });
  link = await linkToken({ table }, SHARE);
  const given: Record<string, string> = {
    ...Object.fromEntries(
      Object.entries(clients).map(([name, { clientSecret }]) => [`@secret:${name}@`, sha256(clientSecret)]),
    ),
    "@token@": sha256(token),
    "@lock@": sha256(lockToken),
    "@hook@": `whsec_${randomBytes(32).toString("base64")}`,
    "@receiver@": receiver.url,
    "@link-key@": linkKey,
    "@link@": sha256(link),
    "@s3-upload@": UploadId,
  };
  const text = PREVIOUS.replaceAll(/@[\w:-]+@/g, (name) => given[name] ?? name);
  const later = Date.now() - STOPPED;
  for (const line of text.trim().split("\n")) {
    const read = JSON.parse(line, (_, value) => moved(value, later));
    if ("object" in read) await s3.send(new PutObjectCommand({ Bucket, Key: read.object, Body: read.body }));
    else await table.put({ put: read, blind: "a test's own" });
  }
  // So that the sweep of the first minute leaves it as it is.
  await table.put({
    put: { ...keys.migration(), quiet_since_ms: 0, over_at: "later" },
    blind: "a test's own",
  });
  s3.destroy();
}

/** A value of the file, by so many ms later where it is a time. */
function moved(value: unknown, later: number): unknown {
  if (typeof value === "number" && value > 1.7e12) return value + later;
  if (typeof value === "number" && value > 1.7e9) return value + Math.round(later / 1000);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]{12}Z(#|$)/.test(value))
    return new Date(Date.parse(value.slice(0, 24)) + later).toISOString() + value.slice(24);
  const set = z.object({ $set: z.array(z.string()) }).safeParse(value).data;
  return set === undefined ? value : new Set(set.$set);
}

async function refused(answer: Promise<Response>): Promise<[number, string]> {
  const { status, code } = problem.parse(await (await answer).json());
  return [status, code];
}

async function content(
  by: ApiClient,
  path: string,
  init: Parameters<ApiClient["api"]>[1] = {},
): Promise<string> {
  const answer = await by.api(path, init);
  expect([path, answer.status]).toEqual([path, 302]);
  return (await fetch(answer.headers.get("location") ?? "")).text();
}

const versions = async () =>
  (await ci.json(page.of(version), `/v1/files/${REPORT}/versions`)).items.map(({ size }) => size);

/** What everybody goes on with. `nth` tells two rounds apart. */
function goesOn(nth: number): void {
  test("files are downloaded, by secrets and by tokens from before", async () => {
    expect(await content(ci, `/v1/files/${BUILD}/content`)).toBe(`build ${nth}`);
    expect(await content(ci, `/v1/files/${BUILD}/content`, { token })).toBe(`build ${nth}`);
  });

  test("a link opens", async () => {
    const answer = await fetch(`${cloud.apiUrl}/s/${link}`);
    expect(await answer.text()).toBe(nth === 1 ? "first quarter, mended" : "the 1. version");
  });

  test("a file gets a version, and its workspaces are known by their names", async () => {
    const before = await versions();
    const bytes = Buffer.from(`the ${nth}. version`);
    const done = await ci.upload(bytes, { filename: "reports/2025/q1.txt", finalize: { share: false } });
    expect(done.file_id).toBe(REPORT);
    expect(await versions()).toEqual([bytes.length, ...before]);
    await ci.upload(bytes, {
      filename: `note-${nth}.txt`,
      start: { workspace: "side" },
      finalize: { share: false },
    });
  });

  test("a lock holds, for whoever has its token", async () => {
    const rename = { method: "PATCH", json: { description: `the ${nth}. plan` } };
    expect(await refused(ci.api(`/v1/files/${LOCKED}`, rename))).toEqual([423, "file_locked"]);
    const lock_token = { "Lock-Token": lockToken };
    const renewed = await ci.api(`/v1/files/${LOCKED}/lock/renew`, {
      json: { lock_token: lockToken },
      headers: lock_token,
    });
    expect(renewed.status).toBe(200);
  });

  test("the endpoint hears of it", async () => {
    const heard = receiver.received.length;
    await ci.upload(Buffer.from("news"), { filename: `news-${nth}.txt`, finalize: { share: false } });
    await receiver.until(heard + 1);
    const { items } = await ci.json(eventLog, `/v1/events?workspace=${TEAM}`);
    expect(items.length).toBeGreaterThan(7);
  });

  test("who only writes goes on with its own, and sees no other's", async () => {
    const bytes = Buffer.from(`build ${nth + 1}`);
    const build = { filename: "builds/1.txt", start: { workspace: TEAM }, finalize: { share: false } };
    expect((await robot.upload(bytes, build)).file_id).toBe(BUILD);
    expect(await refused(robot.api(`/v1/files/${REPORT}/content`))).toEqual([403, "forbidden"]);
    const rename = { method: "PATCH", json: { name: "mine.txt" } };
    expect(await refused(robot.api(`/v1/files/${REPORT}`, rename))).toEqual([404, "not_found"]);
  });

  // Last: it brings its client over at once.
  test("an upload makes a workspace", async () => {
    const made = { filename: "a.txt", start: { workspace: `made-${nth}` }, finalize: { share: false } };
    const first = await ci.upload(Buffer.from("a"), made);
    expect(await content(ci, `/v1/files/${first.file_id}/content`)).toBe("a");
  });
}

describe("as it was left", () => {
  test("a session is sent its next part", async () => {
    const signed = z.object({ parts: z.array(z.object({ url: z.string() })) });
    const { parts } = await ci.json(signed, `/v1/uploads/${SESSION}/parts`, {
      json: { parts: [{ part_number: 2, size: SIZE - PART }] },
    });
    const sent = await fetch(parts[0]?.url ?? "", { method: "PUT", body: Buffer.alloc(SIZE - PART, "b") });
    expect(sent.status).toBe(200);
  });

  goesOn(1);
});

describe("brought over", () => {
  beforeAll(async () => {
    const table = tableOf(cloud);
    await table.remove({ remove: keys.migration(), blind: "a test's own" });
    cloud.advance(60_000);
    await eventually(async () => {
      const { items } = await table.query({
        where: "#pk = :pk AND begins_with(#sk, :prefix)",
        values: { pk: keys.organization(FIRST_ORGANIZATION).pk, prefix: "MEMBER#" },
      });
      expect(items).toHaveLength(3);
      expect(items.map(({ role }) => role)).toContain("owner");
    });
  }, 60_000);

  goesOn(2);

  test("the session is finished", async () => {
    const done = await ci.json(finalizeAnswer, `/v1/uploads/${SESSION}/finalize`, { json: { share: false } });
    expect(done).toMatchObject({ size: SIZE, name: "big.bin" });
  });

  test("the administrator sees who they are by now", async () => {
    const rows = z
      .array(
        z.object({
          name: z.string(),
          organization_id: z.string(),
          role: z.string(),
          grants: z.array(
            z.object({
              on: z.string(),
              role: z.string().optional(),
              actions: z.array(z.string()).optional(),
            }),
          ),
        }),
      )
      .parse(await listClients({ table: tableOf(cloud) }));
    expect(rows.map(({ name, organization_id, role }) => [name, organization_id, role])).toEqual([
      ["ci", FIRST_ORGANIZATION, "guest"],
      ["ops", FIRST_ORGANIZATION, "owner"],
      ["robot", FIRST_ORGANIZATION, "guest"],
    ]);
    const [own, shared] = ["ci", "robot"].map((one) => {
      const { grants } = rows.find(({ name }) => name === one) ?? { grants: [] };
      return grants.find(({ on }) => on === TEAM);
    });
    expect(own?.role).toBe("owner");
    expect(shared?.actions).toContain("write");
  });
});
