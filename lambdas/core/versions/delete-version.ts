import { due, keys } from "#aws/keys.ts";
import type { Update } from "#aws/table.ts";
import { requireNotHeld } from "#core/access/held.ts";
import { fileCheck, type Preconditions } from "#core/files/fenced-write.ts";
import { BYTES_STAY_MS } from "#core/files/supersede-version.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { findVersion } from "./find-version.ts";

/**
 * Deletes a version that is not the current one. Nobody sees it from here on; its bytes go once no presigned URL
 * leads to them, unless a restored version names them too.
 *
 * @throws WharfError conflict for the current one, not_found, policy_denied, file_locked, lock_lost, version_mismatch.
 */
export async function deleteVersion(
  deps: TableDeps,
  call: Call,
  { fileId, versionId, preconditions }: { fileId: string; versionId: string; preconditions: Preconditions },
): Promise<void> {
  await findVersion(deps, fileId, versionId, call.ahead);
  requireNotHeld(call.access?.workspace ?? {});
  const now = deps.now();
  await deps.table.transact([
    fileCheck(now, fileId, preconditions, {
      condition: "#version_id <> :removed",
      values: { removed: versionId },
      else: () =>
        new WharfError(
          "conflict",
          `${versionId} is the current version. Restore another first, or delete the file.`,
          { version_id: versionId },
        ),
    }),
    { ...removal(now, fileId, versionId), else: () => notFound("version", versionId) },
  ]);
}

/** Marks a version as gone, and due for the removal of its bytes. */
export function removal(now: number, fileId: string, versionId: string): Update {
  return {
    key: keys.version(fileId, versionId),
    update: { set: { removed_ms: now, ...due("version", now + BYTES_STAY_MS, versionId) } },
    condition: "attribute_exists(#pk) AND attribute_not_exists(#removed_ms)",
  };
}
