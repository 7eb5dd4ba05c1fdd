import type { SignedUrl } from "#aws/signer.ts";
import type { Put } from "#aws/table.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { findFile } from "./find-file.ts";
import type { FileRecord } from "./records.ts";
import { type SignOptions, signDownload } from "./sign-download.ts";

/**
 * A presigned URL of a file's current version, with `file_downloaded` in the outbox before the URL leaves.
 *
 * A `HEAD` downloads nothing: its URL is good for a HEAD only, and no event tells of it.
 *
 * @throws WharfError not_found, not_a_file.
 */
export async function downloadFile(
  deps: Deps,
  call: Call,
  fileId: string,
  options: SignOptions,
): Promise<SignedUrl & { file: FileRecord }> {
  const file = await findFile(deps, fileId, call.ahead);
  if (options.method === "GET") await deps.table.add(downloadEvent(deps, call, file).put);
  return { ...(await signDownload(deps, file, options)), file };
}

/** The outbox write of `file_downloaded`, for the version that `file` describes. */
export function downloadEvent({ now }: Pick<Deps, "now">, call: Call, file: FileRecord): Put {
  return eventWrite(now(), {
    type: "file_downloaded",
    request_id: call.requestId,
    workspace_id: file.workspace_id,
    file_id: file.node_id,
    actor: actorOf(call.caller),
    data: { name: file.name, size: file.size, version_id: file.version_id },
  });
}
