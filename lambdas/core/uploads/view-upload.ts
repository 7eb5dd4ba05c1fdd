import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import type { UploadStatus } from "./contract.ts";
import { findUpload } from "./find-upload.ts";
import type { UploadRecord } from "./records.ts";
import { keepReserved } from "./reserve-name.ts";

/** A session as its client sees it; what has arrived comes from S3's own list. */
export async function viewUpload(
  deps: Pick<Deps, "table" | "objects" | "now">,
  call: Call,
  uploadId: string,
): Promise<UploadStatus> {
  const upload = await findUpload(deps, uploadId, call.ahead);
  await keepReserved(deps, upload);
  const { file_id, folder_id, size, part_size, part_count, outcome } = upload;
  const name = upload.asked_name ?? upload.name;
  const seen = await received(deps, upload);
  // S3 has lost it, unless another call has ended it since it was read.
  if (seen === undefined && (await findUpload(deps, uploadId)).state !== "open")
    return viewUpload(deps, { ...call, ahead: [] }, uploadId);
  const open = upload.state === "open" || upload.state === "finalizing";
  const timely = upload.expires_ms > deps.now();
  const state = open && (seen === undefined || !timely) ? "expired" : upload.state;
  const lost = open ? timely : upload.lost === true;
  return {
    upload_id: upload.upload_id,
    state,
    ...(state === "expired" ? { reason: lost ? ("lost" as const) : ("not_finalized" as const) } : {}),
    ...{ file_id, workspace_id: upload.workspace_id, name },
    ...(folder_id === undefined ? {} : { folder_id }),
    ...(size === undefined ? {} : { size }),
    part_size,
    ...(part_count === undefined ? {} : { part_count }),
    ...(seen ?? NOTHING),
    created_at: upload.created_at,
    expires_at: iso(upload.expires_ms),
    ...(outcome === undefined
      ? {}
      : {
          file_id: outcome.file_id,
          version_id: outcome.version_id,
          folder_id: outcome.folder_id,
          workspace_id: outcome.workspace_id ?? upload.workspace_id,
          name: upload.asked_name ?? outcome.name,
        }),
  };
}

type Received = Pick<UploadStatus, "received" | "bytes_received">;

/** `undefined` where S3 knows nothing of an open upload. */
async function received(
  { objects }: Pick<Deps, "objects">,
  upload: UploadRecord,
): Promise<Received | undefined> {
  const { s3_upload_id, part_count, assembled, outcome, state } = upload;
  if (outcome !== undefined) return { received: [], bytes_received: outcome.size };
  if (assembled !== undefined)
    return {
      received: ranges(Array.from({ length: assembled.parts }, (_, n) => n + 1)),
      bytes_received: assembled.size,
    };
  if (s3_upload_id === undefined || state === "aborted" || state === "expired" || state === "rejected")
    return NOTHING;
  const parts = await objects.listParts(upload.object_key, s3_upload_id, part_count);
  // While S3 puts the parts together it lists them no more; finalize had found them complete.
  if (parts === undefined) return state === "finalizing" ? planned(upload) : undefined;
  return {
    received: ranges(parts.map(({ part_number }) => part_number)),
    bytes_received: parts.reduce((sum, { size }) => sum + size, 0),
  };
}

const NOTHING: Received = { received: [], bytes_received: 0 };

function planned({ part_count, size }: UploadRecord): Received {
  return part_count === undefined || size === undefined
    ? NOTHING
    : { received: [[1, part_count]], bytes_received: size };
}

/** Ascending numbers as ranges: 1, 2, 3, 7 → [[1, 3], [7, 7]]. */
export function ranges(numbers: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}
