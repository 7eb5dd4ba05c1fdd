import { finalizeAnswer } from "#core/finalize/contract.ts";
import { said } from "./check.ts";
import { obeyRetryAfter } from "./obey-retry-after.ts";
import type { Target } from "./target.ts";

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
  const headers = { Authorization: `Bearer ${await api.token()}`, "Content-Type": "application/json" };
  // Not by the client, which keeps refusals to itself.
  const { answer, refusals } = await obeyRetryAfter(() =>
    fetch(`${api.origin}/v1/uploads/${uploadId}/finalize`, {
      method: "POST",
      headers,
      body: JSON.stringify({ share: false }),
    }),
  );
  if (answer.status !== 200) {
    const after = refusals.length > 0 ? `, after ${refusals.length} refusals with Retry-After` : "";
    throw new Error(`finalize: ${await said(answer)}${after}`);
  }
  const { file_id } = finalizeAnswer.parse(await answer.json());
  return { fileId: file_id, refusals, seconds: (performance.now() - begun) / 1_000 };
}
