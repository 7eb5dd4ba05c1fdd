import { setTimeout as delay } from "node:timers/promises";
import { finalizeAnswer } from "#contract/uploads.ts";
import { said } from "./check.ts";
import type { Target } from "./target.ts";

const TRIES = 20;
const MAX_WAIT_SECONDS = 30;

export interface Finalized {
  fileId: string;
  /** What came before the 200. */
  refusals: string[];
  seconds: number;
}

/**
 * Finalizes as the contract asks for: again after `Retry-After`.
 *
 * @throws Error with whatever else is answered, and after 20 refusals.
 */
export async function finalizeInTheEnd({ api }: Target, uploadId: string): Promise<Finalized> {
  const begun = performance.now();
  const refusals: string[] = [];
  while (refusals.length < TRIES) {
    const answer = await api.api(`/v1/uploads/${uploadId}/finalize`, { json: { share: false } });
    if (answer.status === 200) {
      const { file_id } = finalizeAnswer.parse(await answer.json());
      return { fileId: file_id, refusals, seconds: (performance.now() - begun) / 1_000 };
    }
    const retryAfter = answer.headers.get("retry-after");
    const words = await said(answer);
    if (![429, 503].includes(answer.status)) throw new Error(`finalize: ${words}`);
    if (retryAfter === null) throw new Error(`finalize: ${words} without Retry-After`);
    refusals.push(words);
    await delay(Math.min(Number(retryAfter), MAX_WAIT_SECONDS) * 1_000);
  }
  throw new Error(`finalize: ${TRIES} refusals, the last ${refusals.at(-1)}`);
}
