import * as z from "zod";
import type { StartAnswer, UploadStatus } from "#core/uploads/contract.ts";
import type { ApiClient } from "./api-client.ts";

const part = z.object({ part_number: z.int(), url: z.string(), headers: z.record(z.string(), z.string()) });
const windowAnswer = z.object({ parts: z.array(part) });
const WINDOW = 32;

/** Numbers of the parts that are still to be sent. */
export function missingParts({
  received,
  part_count = 0,
}: Pick<UploadStatus, "received" | "part_count">): number[] {
  const has = (number: number) => received.some(([first, last]) => number >= first && number <= last);
  return Array.from({ length: part_count }, (_, index) => index + 1).filter((number) => !has(number));
}

/**
 * Sends parts, `lanes` at a time, with URLs that are asked for anew.
 *
 * @param bytesOf makes the body of a part.
 */
export async function sendParts(
  client: ApiClient,
  { upload_id }: Pick<StartAnswer, "upload_id">,
  numbers: readonly number[],
  bytesOf: (number: number) => Uint8Array<ArrayBuffer>,
  { lanes = 8 } = {},
): Promise<void> {
  for (let at = 0; at < numbers.length; at += WINDOW) {
    const wanted = numbers.slice(at, at + WINDOW);
    const first = wanted[0] ?? 1;
    const json = { first, count: (wanted.at(-1) ?? first) - first + 1 };
    const { parts } = await client.json(windowAnswer, `/v1/uploads/${upload_id}/parts`, { json });
    const urls = parts.filter(({ part_number }) => wanted.includes(part_number)).values();
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        for (const { part_number, ...target } of urls) await sendPart(target, bytesOf(part_number));
      }),
    );
  }
}

async function sendPart(
  { url, headers }: Pick<z.infer<typeof part>, "url" | "headers">,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const answer = await fetch(url, { method: "PUT", body, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`a part was refused: ${answer.status} ${text}`);
}
