/** A large file by 8 parallel parts: 64 MiB in `npm test`, 1 GiB in `npm run test:large`. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { startCloudChild } from "#test/support/cloud-child.ts";
import { missingParts, sendParts } from "#test/support/upload-parts.ts";

const MIB = 1_048_576;
const size = Number(process.env["WHARF_LARGE_MIB"] ?? 64) * MIB;
const part_size = 8 * MIB;

/** After so many parts every buffer that 8 connections need is there. */
const WARM = Math.min(16, size / part_size / 2);
const block = randomBytes(MIB);

/** The file's `n`th part: blocks that tell their places. */
function bytesOf(number: number): Buffer<ArrayBuffer> {
  const part = Buffer.alloc(part_size);
  for (let at = 0; at < part_size; at += MIB) {
    block.copy(part, at);
    part.writeUInt32BE(((number - 1) * part_size + at) / MIB, at);
  }
  return part;
}

test(`${size / MIB} MiB arrive byte for byte, and no Lambda sees them`, { timeout: 300_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "wharf-large-"));
  try {
    await using cloud = await startCloudChild(dir);
    const started = await cloud.client.start("large.bin", size, { part_size });
    const parts = missingParts({ received: [], part_count: started.part_count });
    const lanes = 8;
    await sendParts(cloud.client, started, parts.slice(0, WARM), bytesOf, { lanes });
    const before = await cloud.report();
    await sendParts(cloud.client, started, parts.slice(WARM), bytesOf, { lanes });
    const after = await cloud.report();
    const finalize = `/v1/uploads/${started.upload_id}/finalize`;
    const { file_id } = await cloud.client.json(finalizeAnswer, finalize, { json: {} });

    const sent = createHash("sha256");
    for (const number of parts) sent.update(bytesOf(number));
    const content = await cloud.client.api(`/v1/files/${file_id}/content`, { redirect: "follow" });
    const arrived = createHash("sha256");
    for await (const chunk of content.body ?? []) arrived.update(chunk);
    expect(arrived.digest("hex")).toBe(sent.digest("hex"));

    const { peakRss, calls } = await cloud.report();
    const grown = after.peakRss - before.peakRss;
    console.log(
      `${size / MIB} MiB: peak RSS ${Math.round(peakRss / MIB)} MiB; the parts after the first ${WARM} took ${Math.round(grown / MIB)} MiB of it`,
    );
    // Whatever the size: what the collector has not come to.
    expect(grown).toBeLessThan(128 * MIB);
    // And the functions that finalize and its events start.
    expect(peakRss).toBeLessThan(768 * MIB);
    const carriers = calls.filter(({ action }) => action === "UploadPart" || action === "PutObject");
    expect(carriers.length).toBe(parts.length);
    expect(carriers.filter(({ caller }) => !caller.startsWith("presigned:"))).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
});
