/** Many in one request. */
import * as z from "zod";
import { batchAnswer, ITEM_BY_ITEM, MAX_ITEMS } from "#contract/batch.ts";
import { expireIn, id } from "#contract/common.ts";
import { ULID } from "#contract/event-info.ts";
import { defineRoute } from "#contract/route.ts";
import { finalizeAnswer, finalizeUploadRoute } from "#core/finalize/contract.ts";
import { maxDownloads } from "#core/links/contract.ts";
import { startAnswer, startRequest, startUploadRoute } from "#core/uploads/contract.ts";

/** URLs of each upload in the answer: of 100 they are to fit it. */
export const BATCH_WINDOW = 4;

const startsRequest = z.strictObject({
  files: z
    .array(startRequest)
    .min(1)
    .max(MAX_ITEMS)
    .meta({ description: "What each upload would be started with by itself." }),
});

export type StartsRequest = z.infer<typeof startsRequest>;

const startedItem = z
  .object({
    status: z.literal(201).meta({ description: "The status that its own route would answer." }),
    upload: startAnswer.meta({
      description: `The session, with the URLs of its first ${BATCH_WINDOW} parts at most.`,
    }),
  })
  .meta({ id: "StartedItem" });

export const startsAnswer = batchAnswer(startedItem);

const finalizesRequest = z.strictObject({
  upload_ids: z
    .array(id("upl"))
    .min(1)
    .max(MAX_ITEMS)
    .meta({ description: "Uploads of which all parts were sent." }),
  share: z.boolean().optional().meta({ description: "`false`: no links. `true` unless said." }),
  expire_in: expireIn.optional().meta({ description: "Seconds that each link lives." }),
  max_downloads: maxDownloads.optional().meta({ description: "Downloads of each link." }),
});

export type FinalizesRequest = z.infer<typeof finalizesRequest>;

const finishedItem = z
  .object({
    status: z.literal(200).meta({ description: "The status that its own route would answer." }),
    upload: finalizeAnswer.meta({ description: "What its own route would answer." }),
  })
  .meta({ id: "FinishedItem" });

export const finalizesAnswer = batchAnswer(finishedItem);

const tag = "Uploads";

const errors = [...startUploadRoute.errors, "batch_failed"] as const;

const some = "Some were done, and others refused";

export const startUploadsRoute = defineRoute({
  id: "startUploads",
  method: "POST",
  path: "/v1/uploads/batch",
  summary: `Start up to ${MAX_ITEMS} uploads`,
  description: `For many small files. ${ITEM_BY_ITEM}`,
  tag,
  access: { action: "create", decides: "the body names the places, each of which is decided" },
  idempotency: "items",
  body: startsRequest,
  responses: {
    201: { description: "All were started", schema: startsAnswer },
    207: { description: some, schema: startsAnswer },
  },
  errors,
  example: {
    request: { files: [startUploadRoute.example?.request] },
    response: { items: [{ status: 201, upload: startUploadRoute.example?.response }] },
  },
});

export const finalizeUploadsRoute = defineRoute({
  id: "finalizeUploads",
  method: "POST",
  path: "/v1/uploads/finalize",
  summary: `Finalize up to ${MAX_ITEMS} uploads`,
  description: `On the same terms. ${ITEM_BY_ITEM}`,
  tag,
  access: { action: "create", decides: "the body names the uploads, each of which is decided" },
  idempotency: "items",
  body: finalizesRequest,
  responses: {
    200: { description: "All are ready", schema: finalizesAnswer },
    207: { description: some, schema: finalizesAnswer },
  },
  errors: ["batch_failed"],
  example: {
    request: { upload_ids: [`upl_${ULID}`], share: false },
    response: { items: [{ status: 200, upload: finalizeUploadRoute.example?.response }] },
  },
});
