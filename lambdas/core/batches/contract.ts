/** Many in one request. */
import * as z from "zod";
import { batchAnswer, ITEM_BY_ITEM, MAX_ITEMS } from "#contract/batch.ts";
import { expireIn, id } from "#contract/common.ts";
import { ULID } from "#contract/event-info.ts";
import { fence } from "#contract/headers.ts";
import { defineRoute } from "#contract/route.ts";
import { scopesFor } from "#contract/scopes.ts";
import { changedFile, changeRequest } from "#core/files/contract.ts";
import { finalizeAnswer, finalizeUploadRoute } from "#core/finalize/contract.ts";
import { maxDownloads } from "#core/links/contract.ts";
import { startAnswer, startRequest, startUploadRoute } from "#core/uploads/contract.ts";

/** URLs of each upload in the answer: of 100 they are to fit it. */
export const BATCH_WINDOW = 4;

const startsRequest = z.strictObject({
  files: z
    .array(startRequest.meta({ ...startRequest.meta(), id: "UploadToStart" }))
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
  .meta({ id: "StartedOfMany" });

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
  .meta({ id: "FinishedOfMany" });

export const finalizesAnswer = batchAnswer(finishedItem);

const fenced = {
  file_id: id("file"),
  if_match: fence["If-Match"].meta({
    description: "The version that must be current, as `If-Match` says it.",
  }),
  lock_token: fence["Lock-Token"],
};

const { name, workspace, folder, tags } = changeRequest.shape;

const some = <T extends z.ZodType>(item: T, what: string) =>
  z.array(item).min(1).max(MAX_ITEMS).optional().meta({ description: what });

const changesRequest = z
  .strictObject({
    delete: some(z.strictObject(fenced).meta({ id: "FileToDelete" }), "Files to delete."),
    move: some(
      z
        .strictObject({ ...fenced, name, workspace, folder })
        .refine((to) => [to.name, to.workspace, to.folder].some((one) => one !== undefined), {
          message: "needs name, workspace or folder",
        })
        .meta({
          id: "FileToMove",
          anyOf: [{ required: ["name"] }, { required: ["workspace"] }, { required: ["folder"] }],
        }),
      "Files to rename, or to move within their workspace or to another: one after the other.",
    ),
    tag: some(
      z
        .strictObject({
          ...fenced,
          tags: tags.unwrap().meta({ description: "All its tags from now on; `[]` takes them away." }),
        })
        .meta({ id: "FileToTag" }),
      "Files to tag: with all their tags from now on.",
    ),
  })
  .refine((changes) => Object.values(changes).filter((list) => list !== undefined).length === 1, {
    message: "needs one of delete, move and tag",
  })
  .meta({ minProperties: 1, maxProperties: 1 });

export type ChangesRequest = z.infer<typeof changesRequest>;

const changedItem = z
  .object({
    status: z.literal(200).meta({ description: "The status that its own route would answer." }),
    file: changedFile.meta({ description: "The file as it is now." }),
  })
  .meta({ id: "ChangedOfMany" });

const deletedItem = z
  .object({ status: z.literal(204).meta({ description: "The file was deleted." }) })
  .meta({ id: "DeletedOfMany" });

export const changesAnswer = batchAnswer(z.union([changedItem, deletedItem]));

const tag = "Uploads";

const errors = [...startUploadRoute.errors, "batch_failed"] as const;

const partly = "Some were done, and others refused";

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
    207: { description: partly, schema: startsAnswer },
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
    207: { description: partly, schema: finalizesAnswer },
  },
  errors: ["batch_failed"],
  example: {
    request: { upload_ids: [`upl_${ULID}`], share: false },
    response: { items: [{ status: 200, upload: finalizeUploadRoute.example?.response }] },
  },
});

export const changeFilesRoute = defineRoute({
  id: "changeFiles",
  method: "POST",
  path: "/v1/files/batch",
  summary: `Delete, move or tag up to ${MAX_ITEMS} files`,
  description: `One of the three. ${ITEM_BY_ITEM}`,
  tag: "Files",
  access: { action: "write", decides: "the body names the files, each of which is decided" },
  scopes: [...scopesFor("write"), ...scopesFor("delete")],
  idempotency: "items",
  body: changesRequest,
  responses: {
    200: { description: "All were done", schema: changesAnswer },
    207: { description: partly, schema: changesAnswer },
  },
  errors: ["batch_failed"],
  example: {
    request: { delete: [{ file_id: `file_${ULID}` }] },
    response: { items: [{ status: 204 }] },
  },
});
