/** Many uploads finalized at once, each twice, and one of many parts among them: each becomes its file in the end. */
import { type Check, said, seen } from "../check.ts";
import { copyParts } from "../copy-parts.ts";
import { finalizeInTheEnd } from "../finalize-in-the-end.ts";
import { bytesOf, sendPart } from "../send-part.ts";
import { startOnePart } from "../start-one-part.ts";
import type { Target } from "../target.ts";

const UPLOADS = 40;
/** Copied inside S3, so that 1 GB passes no line of the caller's; parts are what CompleteMultipartUpload takes long for. */
const MANY_PARTS = 200;

/** An upload of one small part that has arrived. */
async function small(target: Target, index: number): Promise<string> {
  const { uploadId, part } = await startOnePart(target, `load-${index}.bin`, 1_024);
  const put = await said(await sendPart(part, bytesOf(1_024, index)));
  if (put !== "200") throw new Error(`part of upload ${index}: S3 ${put}`);
  return uploadId;
}

const atOnce: Check = {
  name: "finalize: many at once, each twice",
  expects:
    "each 200, or 429 or 503 with Retry-After and 200 at a repeat; both calls name one file, and it is there",
  onlyAws: "how long CompleteMultipartUpload takes, and how a throttled function looks behind API Gateway",
  async run(target) {
    const ids = await Promise.all(Array.from({ length: UPLOADS }, (_, index) => small(target, index)));
    ids.push(await copyParts(target, "load-many-parts.bin", MANY_PARTS));
    const ended = await Promise.all(
      ids.flatMap((id) => [finalizeInTheEnd(target, id), finalizeInTheEnd(target, id)]),
    );
    const files = new Set(ended.map(({ fileId }) => fileId));
    for (const fileId of files) {
      const answer = await said(await target.api.api(`/v1/files/${fileId}`));
      if (answer !== "200") return seen(false, `a finalized file: ${answer}`);
    }
    const slowest = Math.max(...ended.map(({ seconds }) => seconds)).toFixed(1);
    const refusals = countOf(ended.flatMap((one) => one.refusals)) || "all 200 at first";
    return seen(
      files.size === ids.length,
      `${ids.length} uploads, ${files.size} files; ${ended.length} calls: ${refusals}; slowest ${slowest} s`,
    );
  },
};

function countOf(words: readonly string[]): string {
  return [...Map.groupBy(words, (word) => word)].map(([word, all]) => `${all.length} × ${word}`).join(", ");
}

export const completeUnderLoad = [atOnce];
