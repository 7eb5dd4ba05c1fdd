/** Bytes on the chunk route, which passes them as text on their way to be dropped. */
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { type Check, said, seen, skip } from "../check.ts";
import { patientFetch } from "../obey-retry-after.ts";
import { octets, sendChunk } from "../send-chunk.ts";
import { sendExpecting } from "../send-expecting.ts";
import { bytesOf, MIB, sendPart } from "../send-part.ts";
import { startOnePart } from "../start-one-part.ts";
import type { Target } from "../target.ts";

/** Sends the bytes to where the chunk route led, finalizes, and says whether the same come back. */
async function roundTrip({ api }: Target, uploadId: string, url: string, bytes: Uint8Array<ArrayBuffer>) {
  const put = await said(await sendPart({ url, headers: {} }, bytes));
  if (put !== "200") return seen(false, `307, then S3 ${put}`);
  const { file_id } = await api.json(finalizeAnswer, `/v1/uploads/${uploadId}/finalize`, { json: {} });
  const { headers } = await api.api(`/v1/files/${file_id}/content`);
  const got = Buffer.from(await (await patientFetch(headers.get("location") ?? "")).arrayBuffer());
  const isSame = got.equals(bytes);
  return seen(isSame, `307, and ${isSame ? "the same" : `${got.length} other`} bytes come back`);
}

const notText: Check = {
  name: "chunk route: bytes that are no UTF-8",
  expects: "307, and the same bytes come back",
  onlyAws: "what CONVERT_TO_TEXT does with bytes that are no text",
  async run(target) {
    const bytes = bytesOf(5 * MIB);
    const { upload_id } = await target.api.start("not-text.bin", bytes.length);
    const answer = await sendChunk(target, upload_id, bytes);
    const words = await said(answer);
    if (words !== "307") return seen(false, words);
    return roundTrip(target, upload_id, answer.headers.get("location") ?? "", bytes);
  },
};

const expecting: Check = {
  name: "chunk route: 9 MiB, Expect: 100-continue",
  expects: "307, after 100 Continue or instead of it, and the same bytes come back",
  onlyAws: "whether API Gateway answers Expect",
  async run(target) {
    const { api, origin } = target;
    const bytes = bytesOf(9 * MIB, 2);
    const { upload_id } = await api.start("expect.bin", bytes.length);
    const headers = { ...octets, Authorization: `Bearer ${await api.token()}` };
    const chunks = `${origin}/v1/uploads/${upload_id}/chunks`;
    const { status, location, continued } = await sendExpecting(chunks, bytes, headers);
    const words = continued ? "100 Continue" : "no 100 Continue";
    if (status !== 307 || location === undefined) return seen(false, `${words}, ${status}`);
    const { result, saw } = await roundTrip(target, upload_id, location, bytes);
    return { result, saw: `${words}, ${saw}` };
  },
};

const virtualHost: Check = {
  name: "part URLs name the bucket in the host",
  expects: "{bucket}.s3.{region}.amazonaws.com, and S3 200",
  onlyAws: "that a new bucket answers there at once, without a redirect",
  async run(target) {
    if (target.kind === "local") return skip("the local S3 has one host for all buckets");
    const { part } = await startOnePart(target, "virtual-host.bin", 1_024);
    const { host } = new URL(part.url);
    const put = await said(await sendPart(part, bytesOf(1_024)));
    return seen(put === "200" && host.startsWith(`${target.bucket}.s3.`), `${host}: S3 ${put}`);
  },
};

export const chunkBytes = [notText, expecting, virtualHost];
