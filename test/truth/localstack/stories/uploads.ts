/** Uploads by parts, by one request and by chunks. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { uploadStatus } from "#core/uploads/contract.ts";
import { bytesOf, MIB, sendPart } from "#test/aws-account/send-part.ts";
import { missingParts, sendParts } from "#test/support/upload-parts.ts";
import { sameBytes } from "../same-bytes.ts";
import { signedLongAgo } from "../signed-long-ago.ts";
import type { Story } from "../story.ts";

const crcOf = (bytes: Uint8Array) => crc32(bytes).toString(16).padStart(8, "0");

const resumed: Story = {
  name: "upload by presigned parts, resumed, finalized by CRC-32, twice the same",
  behaviours: ["apigateway.proxy", "s3.multipart", "s3.presigned", "s3.full-object-crc", "s3.ranges"],
  async run({ api, reach }) {
    const bytes = bytesOf(11 * MIB + 7);
    const size = 5 * MIB;
    const part = (number: number) => bytes.slice((number - 1) * size, number * size);
    const started = await api.start("reports/q3 für alle.bin", bytes.length, { part_size: size });
    await sendParts(api, started, [1, 3], part);
    const status = await api.json(uploadStatus, `/v1/uploads/${started.upload_id}`);
    assert.deepEqual(missingParts(status), [2]);
    await sendParts(api, started, [2], part);
    const json = { checksum: { crc32: crcOf(bytes) } };
    const finalize = () => api.json(finalizeAnswer, `/v1/uploads/${started.upload_id}/finalize`, { json });
    const file = await finalize();
    assert.deepEqual(await finalize(), file);
    assert.equal(file.crc32, crcOf(bytes));
    await sameBytes(`${reach(file.share_url ?? "")}?download=1`, bytes);
    return `${bytes.length} bytes, and the link leads to them`;
  },
};

const otherCrc: Story = {
  name: "finalize refuses bytes of another CRC-32 than the client's",
  behaviours: ["s3.full-object-crc"],
  async run({ api }) {
    const bytes = bytesOf(1_024);
    const started = await api.start("other.bin", bytes.length);
    await sendParts(api, started, [1], () => bytes);
    const json = { checksum: { crc32: "00000000" } };
    const answer = await api.api(`/v1/uploads/${started.upload_id}/finalize`, { json });
    assert.equal(answer.status, 422);
    return "422";
  },
};

const oneRequest: Story = {
  name: "upload by one request, binary",
  behaviours: ["apigateway.binary", "apigateway.proxy"],
  async run({ api, reach }) {
    const bytes = bytesOf(300_000);
    const form = new FormData();
    form.set("file", new File([bytes], "one.bin"));
    const file = await api.json(finalizeAnswer, "/v1/files/upload", { method: "POST", body: form });
    await sameBytes(`${reach(file.share_url ?? "")}?download=1`, bytes);
    return undefined;
  },
};

const manyAtOnce: Story = {
  name: "twenty uploads at once, five at a time",
  behaviours: [],
  async run({ api }) {
    const names = Array.from({ length: 20 }, (_, index) => `many-${index}.bin`).values();
    const files = new Set<string>();
    const lane = async () => {
      for (const filename of names) files.add((await api.upload(bytesOf(2_048), { filename })).file_id);
    };
    await Promise.all(Array.from({ length: 5 }, lane));
    assert.equal(files.size, 20);
    return undefined;
  },
};

const tampered: Story = {
  name: "a presigned part's URL that was changed is refused",
  behaviours: ["s3.presigned"],
  async run({ api }) {
    const { parts } = await api.start("tampered.bin", 1_024);
    const [part] = parts;
    assert(part);
    const other = new URL(part.url);
    other.pathname += "x";
    const refused = await sendPart({ url: other.href, headers: part.headers }, bytesOf(1_024));
    assert.equal(refused.status, 403);
    const longer = part.url.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=604800");
    assert.notEqual(longer, part.url);
    assert.equal((await sendPart({ url: longer, headers: part.headers }, bytesOf(1_024))).status, 403);
    return "403";
  },
};

const expired: Story = {
  name: "a presigned part's URL ends with its seconds",
  behaviours: ["s3.presigned-expiry"],
  async run({ bucket, endpoint }) {
    const answer = await fetch(await signedLongAgo(`${endpoint}/${bucket}/o/expired`), {
      method: "PUT",
      body: "late",
    });
    const text = await answer.text();
    assert.equal(answer.status, 403, text);
    assert.match(text, /expired/i);
    return "403, Request has expired";
  },
};

export const uploads: readonly Story[] = [resumed, otherCrc, oneRequest, manyAtOnce, tampered, expired];
