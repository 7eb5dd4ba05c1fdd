/** A client that sends parts one after another, for those who kill it; prints the number of each that S3 took. */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import * as z from "zod";

const input = z.object({
  file: z.string(),
  partSize: z.number(),
  parts: z.array(z.object({ part_number: z.number(), url: z.string() })),
});
const { file, partSize, parts } = input.parse(JSON.parse(await text(process.stdin)));
const bytes = readFileSync(file);
for (const { part_number, url } of parts) {
  const body = bytes.subarray((part_number - 1) * partSize, part_number * partSize);
  const answer = await fetch(url, { method: "PUT", body });
  if (!answer.ok) throw new Error(`part ${part_number}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
  process.stdout.write(`${part_number}\n`);
}
