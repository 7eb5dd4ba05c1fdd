/** The disk of the local cloud is full: uploads are refused in words, and what must go on goes on. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { uploadStatus } from "#core/uploads/contract.ts";
import type { ApiClient } from "#test/support/api-client.ts";
import { startCloudChild } from "#test/support/cloud-child.ts";
import { canMount, makeSmallDisk } from "#test/support/small-disk.ts";
import { missingParts, sendParts } from "#test/support/upload-parts.ts";

const mainScript = fileURLToPath(new URL("../../start/main.ts", import.meta.url));

async function sendInOne(client: ApiClient, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
  const body = new FormData();
  body.set("file", new Blob([bytes]), "direct.bin");
  return client.api("/v1/files/upload", { method: "POST", body });
}

async function expectFull(answer: Response): Promise<void> {
  expect(await answer.json()).toMatchObject({
    status: 503,
    code: "storage_full",
    retry_after_seconds: 30,
    detail: expect.stringMatching(
      /The disk of this local cloud is full; free some space on it, or delete files/,
    ),
  });
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("30");
}

test.skipIf(!canMount)(
  "uploads are refused; deletes, tokens and a restart go on",
  { timeout: 120_000 },
  async () => {
    await using disk = await makeSmallDisk(48);
    let cloud = await startCloudChild(disk.dir, disk.within);
    const bytes = randomBytes(1_000_000);
    const kept = await cloud.client.upload(bytes, { filename: "kept.bin" });
    const doomed = await cloud.client.upload(bytes, { filename: "doomed.bin" });
    const begun = await cloud.client.start("begun.bin", bytes.length);
    // What is kept back is let go when a write fails: one that fails during the filling would lose it to the filler.
    cloud.hold(disk.fill);

    const [part] = begun.parts;
    if (part === undefined) throw new Error("an upload has a part");
    const refused = await fetch(part.url, { method: "PUT", body: bytes });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([507, "30"]);
    expect(await refused.text()).toContain("<Code>InsufficientStorage</Code>");
    await expectFull(await sendInOne(cloud.client, bytes));

    // What is kept back is for these. Enough of them that no page was free by chance.
    for (let n = 0; n < 20; n++) {
      const credentials = { client_id: "none", client_secret: "none" };
      const token = await cloud.client.api("/v1/auth/token", { json: credentials, token: null });
      expect(token.status).toBe(401);
      const path = `/v1/files/${kept.file_id}`;
      const moved = await cloud.client.api(path, { method: "PATCH", json: { name: `kept-${n}.bin` } });
      expect([moved.status, await moved.text()]).toEqual([200, expect.stringContaining(`kept-${n}.bin`)]);
    }
    await expectFull(await cloud.client.api("/v1/uploads", { json: { filename: "new.bin", size: 10 } }));
    expect((await cloud.client.api(`/v1/files/${doomed.file_id}`, { method: "DELETE" })).status).toBe(204);
    expect((await cloud.client.api(`/v1/trash/${doomed.file_id}`, { method: "DELETE" })).status).toBe(204);
    const content = await cloud.client.api(`/v1/files/${kept.file_id}/content`, { redirect: "follow" });
    expect(Buffer.from(await content.bytes()).equals(bytes)).toBe(true);

    // The bytes of the deleted file are room enough for a start.
    await cloud.kill();
    cloud = await startCloudChild(disk.dir, disk.within);
    await expectFull(await sendInOne(cloud.client, bytes));

    disk.free();
    const upload = `/v1/uploads/${begun.upload_id}`;
    const status = await cloud.client.json(uploadStatus, upload);
    await sendParts(cloud.client, begun, missingParts(status), () => bytes);
    const answer = await cloud.client.json(finalizeAnswer, `${upload}/finalize`, { json: {} });
    expect(answer.status).toBe("ready");
    await cloud.kill();
    disk.fill();
    cloud = await startCloudChild(disk.dir, disk.within);
    await expectFull(await sendInOne(cloud.client, bytes));
    await cloud.kill();

    // Somebody else has taken what was kept back.
    disk.fill();
    const { stderr } = spawnSync(disk.within[0] ?? "", [
      ...disk.within.slice(1),
      process.execPath,
      mainScript,
      "--port",
      "0",
      "--data",
      disk.dir,
    ]);
    expect(String(stderr)).toMatch(
      /^Wharf can't start: the disk of \S+ is full; free at least 1 MiB on it, or choose/,
    );
  },
);
