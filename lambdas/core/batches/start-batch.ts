import type { Deps } from "#core/kernel/deps.ts";
import type { StartAnswer } from "#core/uploads/contract.ts";
import { restartAnswer, startUpload } from "#core/uploads/start-upload.ts";
import { BATCH_WINDOW, type StartsRequest } from "./contract.ts";
import type { BatchItem } from "./run-batch.ts";

/** Starts of uploads, each as `POST /v1/uploads` makes it. Those of one path come after one another. */
export function startBatch(deps: Deps, { files }: StartsRequest): BatchItem<StartAnswer>[] {
  return files.map((file) => {
    const { workspace, path = [], folder_id, file_id, filename } = file;
    return {
      about: JSON.stringify([workspace, folder_id, file_id, [...path, filename].join("/")]),
      alone: { route: "startUpload", status: 201, request: file },
      act: (call) => startUpload(deps, call, file, BATCH_WINDOW),
      again: (recorded, call) => restartAnswer(deps, call, recorded, BATCH_WINDOW),
    };
  });
}
