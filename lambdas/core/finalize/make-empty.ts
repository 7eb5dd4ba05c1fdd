import { sha256 } from "#aws/keys.ts";
import { requireLiveClient } from "#core/accounts/require-live-client.ts";
import { EMPTY_FACTS } from "#core/content/checksum.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { multipartOf } from "#core/uploads/records.ts";
import { type Completion, completeUpload, judgeUpload } from "./complete-upload.ts";
import type { FinalizeAnswer } from "./contract.ts";

/**
 * Makes a file without content of an upload to which no part has come. S3: a multipart upload has one part at least, so
 * the object is put as a whole.
 *
 * Parts may come and be finalized meanwhile: nothing is made once another finalize has begun, and S3's upload is
 * forgotten only when there is a file. Two sequential round trips and that one.
 *
 * @throws WharfError as `completeUpload`; conflict where another finalize has begun.
 */
export async function makeEmpty(deps: Deps, given: Omit<Completion, "from">): Promise<FinalizeAnswer> {
  const completion = { ...given, from: "ours" } as const;
  const { object_key, client_id } = completion.upload;
  const s3_upload_id = multipartOf(completion.upload);
  const [made] = await Promise.all([
    deps.objects.put(object_key, new Uint8Array(), { sha256: sha256("") }),
    requireLiveClient(deps, client_id),
  ]);
  const answer = made
    ? await judgeUpload(deps, { ...completion, facts: EMPTY_FACTS, prefix: new Uint8Array() })
    : await completeUpload(deps, completion);
  await deps.objects.abort(object_key, s3_upload_id);
  return answer;
}
