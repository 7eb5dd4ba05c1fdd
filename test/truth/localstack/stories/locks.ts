/** Locks, waiting for one, fenced writes and versions. */
import assert from "node:assert/strict";
import * as z from "zod";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { lockedProblem, lockGrant } from "#core/locks/contract.ts";
import { bytesOf, sendPart } from "#test/aws-account/send-part.ts";
import { sameBytes } from "../same-bytes.ts";
import type { Story, World } from "../story.ts";

const versions = z.object({ items: z.array(z.object({ version_id: z.string() })) });
const first = bytesOf(2_000);
const second = bytesOf(2_500, 1);

/** Begins a new version of a file and sends its bytes; returns the upload's id. */
async function newVersion({ api }: World, file_id: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const json = { file_id, size: bytes.length };
  const answer = await api.api("/v1/uploads", { json });
  const { upload_id, parts } = z
    .object({
      upload_id: z.string(),
      parts: z.array(z.object({ url: z.string(), headers: z.record(z.string(), z.string()) })),
    })
    .parse(await answer.json());
  const [part] = parts;
  assert(part);
  assert.equal((await sendPart(part, bytes)).status, 200);
  return upload_id;
}

const fenced: Story = {
  name: "a lock, 423 for others, a finalize that its token lets through, and two versions",
  behaviours: [],
  async run(world) {
    const { api } = world;
    const { file_id } = await api.upload(first, { filename: "locked.bin" });
    const lock = `/v1/files/${file_id}/lock`;
    const grant = await api.json(lockGrant, lock, { json: { reason: "editing" } });
    const refused = await api.api(lock, { json: {} });
    assert.equal(refused.status, 423);
    assert.equal(lockedProblem.parse(await refused.json()).reason, "editing");

    const upload = await newVersion(world, file_id, second);
    const finalize = `/v1/uploads/${upload}/finalize`;
    assert.equal((await api.api(finalize, { json: {} })).status, 423);
    const headers = { "Lock-Token": grant.lock_token };
    await api.json(finalizeAnswer, finalize, { json: {}, headers });
    const { items } = await api.json(versions, `/v1/files/${file_id}/versions`);
    assert.equal(items.length, 2);
    const { version_id: oldest = "" } = items.at(-1) ?? {};
    const content = (path: string) => api.api(`/v1/files/${file_id}${path}`);
    const at = async (path: string) => (await content(path)).headers.get("location") ?? "";
    await sameBytes(await at("/content"), second);
    await sameBytes(await at(`/versions/${oldest}/content`), first);
    assert.equal((await api.api(lock, { method: "DELETE", headers })).status, 204);
    return undefined;
  },
};

const waited: Story = {
  name: "who waits for a lock gets it as it is released",
  behaviours: ["apigateway.proxy"],
  async run({ api }) {
    const { file_id } = await api.upload(first, { filename: "waited.bin" });
    const lock = `/v1/files/${file_id}/lock`;
    const held = await api.json(lockGrant, lock, { json: {} });
    const waiting = api.json(lockGrant, `${lock}/wait`, { json: { wait_seconds: 20 } });
    const headers = { "Lock-Token": held.lock_token };
    assert.equal((await api.api(lock, { method: "DELETE", headers })).status, 204);
    const { fencing_token, provisional } = await waiting;
    assert(fencing_token > held.fencing_token);
    return provisional ? "granted after waiting" : "granted at once, since the release came first";
  },
};

export const locks: readonly Story[] = [fenced, waited];
