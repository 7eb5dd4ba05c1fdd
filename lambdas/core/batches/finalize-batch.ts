import { keys } from "#aws/keys.ts";
import { authorizeOn } from "#core/access/resource.ts";
import type { FinalizeAnswer } from "#core/finalize/contract.ts";
import { finalizeUpload } from "#core/finalize/finalize-upload.ts";
import { finishAgain } from "#core/finalize/finish-again.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { ofUpload } from "#core/uploads/find-upload.ts";
import { type UploadRecord, uploadRecord } from "#core/uploads/records.ts";
import type { FinalizesRequest } from "./contract.ts";
import type { BatchItem } from "./run-batch.ts";

/**
 * Ends of uploads, each as `POST /v1/uploads/{id}/finalize` makes it, on the same terms. Those of one name come after
 * one another, so that the last of them is the file's current version.
 */
export async function finalizeBatch(
  deps: Deps,
  { upload_ids, ...terms }: FinalizesRequest,
): Promise<BatchItem<FinalizeAnswer>[]> {
  const ahead = await deps.table.batchGet([...new Set(upload_ids)].map((id) => keys.upload(id)));
  const known = new Map(ahead.map((item) => [item["upload_id"], uploadRecord.parse(item)]));
  const authorized = async (call: Call, id: string): Promise<Call> => {
    const asked = { action: "create", whole: true } as const;
    return { ...call, ahead, access: await authorizeOn(ofUpload, { id }, { ...call, ahead, deps }, asked) };
  };
  return upload_ids.map((id) => ({
    about: nameOf(known.get(id)) ?? id,
    alone: { route: "finalizeUpload", status: 200, request: { id, ...terms } },
    act: async (call) => finalizeUpload(deps, await authorized(call, id), id, terms),
    again: async (recorded, call, lacking) => {
      await authorized(call, id);
      return finishAgain(recorded, lacking);
    },
  }));
}

/** What the upload becomes a version of, or a file under. */
function nameOf(upload: UploadRecord | undefined): string | undefined {
  if (upload === undefined) return undefined;
  const { of_file, file_id, workspace_id, folder_path, name } = upload;
  return of_file ? file_id : JSON.stringify([workspace_id, folder_path, name]);
}
