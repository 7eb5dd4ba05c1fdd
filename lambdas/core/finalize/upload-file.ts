import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { enforce } from "#core/access/enforce.ts";
import { requireLiveClient } from "#core/accounts/require-live-client.ts";
import { judgedUpload } from "#core/content/judged-upload.ts";
import { SNIFF_BYTES } from "#core/content/sniff-type.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { addUpload } from "#core/uploads/add-upload.ts";
import { newSession } from "#core/uploads/new-session.ts";
import type { UploadRecord } from "#core/uploads/records.ts";
import { saveReserved } from "#core/uploads/reserve-name.ts";
import { lookAround, type PlaceRequest, placeOf } from "#core/uploads/upload-place.ts";
import { judgeUpload } from "./complete-upload.ts";
import type { FinalizeAnswer } from "./contract.ts";
import { type Demands, intentOf } from "./finalize-upload.ts";

/** Longer than any function lives; the sweep then removes what a dead one left. */
const SESSION_MS = 15 * 60_000;

export interface SmallFile extends PlaceRequest {
  bytes: Uint8Array;
  content_type?: string | undefined;
  if_exists: UploadRecord["if_exists"];
  expire_in?: number | null | undefined;
  max_downloads?: number | undefined;
  password?: string | undefined;
  share?: boolean | undefined;
}

/**
 * A small file in one request: the same session, judgement and transaction as for a large one, without the parts.
 *
 * The session is written before the bytes, so that none are in S3 that nobody knows of; without an intent, since only
 * the caller, who has to send the bytes again, may finish it.
 *
 * @throws WharfError as `finalizeUpload`.
 */
export async function uploadFile(
  deps: Deps,
  call: Call,
  file: SmallFile,
  demanded: Demands = {},
): Promise<FinalizeAnswer> {
  const { share, expire_in, max_downloads, password } = file;
  const place = await placeOf(deps, call, file);
  const { access } = place;
  const { policy } = access.workspace;
  enforce(policy, judgedUpload({ name: place.name, size: file.bytes.length, declared: file.content_type }));
  const terms = { share, expire_in, max_downloads, password };
  const intent = await intentOf(deps, { ...call, access }, terms, demanded);
  const now = deps.now();
  const upload_id = newId("upl", now);
  const size = file.bytes.length;
  const { folderId, above } = await lookAround(deps, place);
  const upload: UploadRecord = {
    ...newSession(call, place, { upload_id, folder_id: folderId, above, now, lifeMs: SESSION_MS }),
    if_exists: file.if_exists,
    size,
    part_size: Math.max(size, 1),
    part_count: 1,
    content_type: file.content_type,
  };
  if (upload.if_exists === "fail") await saveReserved(deps, upload, []);
  else await addUpload(deps, upload);
  const facts = {
    size,
    crc32: crc32(file.bytes).toString(16).padStart(8, "0"),
    sha256: createHash("sha256").update(file.bytes).digest("hex"),
  };
  await Promise.all([
    deps.objects.put(upload.object_key, file.bytes, facts),
    requireLiveClient(deps, call.caller.id),
  ]);
  const prefix = file.bytes.subarray(0, SNIFF_BYTES);
  return judgeUpload(deps, { upload, intent, from: "open", policy, facts, prefix, record: call.record });
}
