/** What a small file costs by a batch of 100, beside its own routes. */
import * as z from "zod";
import { MAX_ITEMS } from "#contract/batch.ts";
import { finalizesAnswer, startsAnswer } from "#core/batches/contract.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { putPart } from "#test/support/api-client.ts";
import type { Story } from "#test/support/story.ts";
import { type Cost, count } from "./count.ts";

const bytes = new TextEncoder().encode("hello");

/** Of one file; a batch's requests and round trips are shared by all of it. */
export interface FileCost {
  requests: number;
  roundTrips: number;
  readUnits: number;
  writeUnits: number;
  usdPerMillion: number;
}

/** Counts starts, ends and deletions of files in a folder that is there, with no links: first of one, then of 100 together. */
export async function countBatches(story: Story): Promise<Map<string, FileCost>> {
  await story.upload(bytes, { filename: "build/warm.txt", finalize: { share: false } });
  const fileOf = (name: string) => ({ filename: `build/${name}.txt`, size: bytes.length });
  const costs = new Map<string, FileCost>();

  async function measure(name: string, path: string, json: unknown, files: number, method = "POST") {
    const body = json === undefined ? {} : { json };
    const { cost, answer } = await count(story, name, (headers) =>
      story.api(path, { method, ...body, headers }),
    );
    if (![200, 201, 204].includes(answer.status))
      throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    costs.set(name, perFile(cost, files));
    return answer.status === 204 ? undefined : answer.json();
  }

  const one = startAnswer.parse(await measure("POST /v1/uploads", "/v1/uploads", fileOf("one"), 1));
  for (const part of one.parts) await putPart(one, part, bytes);
  const end = `/v1/uploads/${one.upload_id}/finalize`;
  await measure("POST /v1/uploads/{id}/finalize", end, { share: false }, 1);

  const files = Array.from({ length: MAX_ITEMS }, (_, n) => fileOf(`${n}`));
  const batch = await measure("POST /v1/uploads/batch", "/v1/uploads/batch", { files }, MAX_ITEMS);
  const started = z.array(z.object({ upload: startAnswer })).parse(startsAnswer.parse(batch).items);
  for (const { upload } of started) for (const part of upload.parts) await putPart(upload, part, bytes);
  const upload_ids = started.map(({ upload }) => upload.upload_id);
  const ends = { upload_ids, share: false };
  const ended = await measure("POST /v1/uploads/finalize", "/v1/uploads/finalize", ends, MAX_ITEMS);
  const ready = z
    .array(z.object({ upload: z.object({ file_id: z.string() }) }))
    .parse(finalizesAnswer.parse(ended).items);
  const [first, ...rest] = ready.map(({ upload }) => ({ file_id: upload.file_id }));
  const path = `/v1/files/${first?.file_id}`;
  await measure("DELETE /v1/files/{id}", path, undefined, 1, "DELETE");
  const removals = { delete: rest };
  await measure("POST /v1/files/batch, deletes", "/v1/files/batch", removals, rest.length);
  return costs;
}

function perFile({ roundTrips, readUnits, writeUnits, usdPerMillion }: Cost, files: number): FileCost {
  const each = (all: number) => all / files;
  return {
    requests: each(1),
    roundTrips: each(roundTrips),
    readUnits: each(readUnits),
    writeUnits: each(writeUnits),
    usdPerMillion: each(usdPerMillion),
  };
}
