import type { SignedUrl } from "#aws/signer.ts";
import { downloadEvent } from "#core/files/download-file.ts";
import { type SignOptions, signDownload } from "#core/files/sign-download.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { atVersion } from "./at-version.ts";
import { findVersion } from "./find-version.ts";

/** As `downloadFile`, for any version that is still there, under its own name. @throws WharfError not_found, not_a_file. */
export async function downloadVersion(
  deps: Deps,
  call: Call,
  { fileId, versionId, method, seconds }: { fileId: string; versionId: string } & SignOptions,
): Promise<SignedUrl> {
  const { file, version } = await findVersion(deps, fileId, versionId, call.ahead);
  const then = await atVersion(deps, file, version);
  if (method === "GET") await deps.table.add(downloadEvent(deps, call, then).put);
  return signDownload(deps, then, { method, seconds });
}
