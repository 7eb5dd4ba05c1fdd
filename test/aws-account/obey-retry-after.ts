import { setTimeout as delay } from "node:timers/promises";
import { said } from "./check.ts";

const TRIES = 20;
const MAX_WAIT_SECONDS = 30;

export interface InTheEnd {
  answer: Response;
  /** What came before it. */
  refusals: string[];
}

/**
 * Calls again after each 429 and 503 with `Retry-After`, as the contract asks for; the answer is the first that is
 * none of these, or what came after 20 of them.
 */
export async function obeyRetryAfter(send: () => Promise<Response>): Promise<InTheEnd> {
  const refusals: string[] = [];
  for (;;) {
    const answer = await send();
    const retryAfter = Number(answer.headers.get("retry-after") ?? Number.NaN);
    const isRefusal = [429, 503].includes(answer.status) && Number.isFinite(retryAfter);
    if (!isRefusal || refusals.length === TRIES) return { answer, refusals };
    refusals.push(await said(answer));
    await delay(Math.min(retryAfter, MAX_WAIT_SECONDS) * 1_000);
  }
}

/** `fetch` for the checks' own calls, whose bodies can be sent twice. */
export const patientFetch = async (url: string, init?: RequestInit): Promise<Response> =>
  (await obeyRetryAfter(() => fetch(url, init))).answer;
