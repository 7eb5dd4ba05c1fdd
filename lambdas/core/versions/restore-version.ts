import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { judgeName } from "#core/content/judge-name.ts";
import { fileUpdate, type Preconditions, whyRefused } from "#core/files/fenced-write.ts";
import { requireWhereDecided } from "#core/files/find-file.ts";
import type { FileRecord, VersionRecord } from "#core/files/records.ts";
import { supersede } from "#core/files/supersede-version.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { Version } from "./contract.ts";
import { findVersion } from "./find-version.ts";
import { holdWrite, isLive, LIVE } from "./holds.ts";
import { versionView } from "./list-versions.ts";

/**
 * Makes an old version's content current again, as a new version that names the same bytes, in one transaction
 * with `version_restored`. History only grows; no bytes are copied.
 *
 * @throws WharfError type_mismatch where the file has a name since under which the content may not pass, conflict where it is the current one, not_found, file_locked, lock_lost, version_mismatch.
 */
export async function restoreVersion(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  call: Call,
  { fileId, versionId, preconditions }: { fileId: string; versionId: string; preconditions: Preconditions },
): Promise<Version> {
  const attempt = async (round: number) => {
    const ahead = round === 0 ? call.ahead : [];
    const { file, version } = await findVersion(deps, fileId, versionId, ahead);
    requireWhereDecided(call.ahead ?? [], file);
    const now = deps.now();
    const refused = whyRefused(file, fileId, preconditions, now);
    if (refused !== undefined) throw refused;
    if (file.version_id === versionId)
      throw new WharfError("conflict", `${versionId} is the current version already.`, {
        version_id: versionId,
      });
    const judged = await judgeName(deps, version, file.name);
    const { writes, restored } = restoration(call, { file, version, judged, preconditions, now });
    const answer = versionView(restored, restored);
    await deps.table.transact([...writes, ...call.record(answer)]);
    return answer;
  };
  return inRounds(attempt, "Others keep writing this file; look at it again, then restore.");
}

function restoration(
  call: Call,
  {
    file,
    version,
    judged,
    preconditions,
    now,
  }: {
    file: FileRecord;
    version: VersionRecord;
    judged: Awaited<ReturnType<typeof judgeName>>;
    preconditions: Preconditions;
    now: number;
  },
) {
  const { node_id: fileId } = file;
  const { superseded_ms: _, restored_from: __, ...content } = version;
  const restored: VersionRecord = {
    ...content,
    sniffed: judged.sniffed,
    name: file.name,
    version_id: newId("ver", now),
    created_at: iso(now),
    created_by: call.caller.id,
    content_by: version.content_by ?? version.created_by,
    restored_from: version.version_id,
  };
  const { version_id, size, content_type, object_key, sniffed } = restored;
  const mismatch = judged.mismatch ?? null;
  const stepsBack = supersede(now, file);
  // Bringing the maker's own bytes back leaves the file its own.
  const mixed = restored.content_by === file.created_by ? undefined : true;
  const writes: Write[] = [
    {
      check: keys.version(fileId, version.version_id),
      condition: `${LIVE.condition}${version.shared ? "" : " AND attribute_not_exists(#shared)"}`,
      values: LIVE.values,
      // Where it was copied just now, the restoration has to hold its bytes too.
      else: (item) => (isLive(item) ? undefined : notFound("version", version.version_id)),
    },
    fileUpdate(now, fileId, preconditions, {
      update: {
        set: {
          ...{ version_id, size, content_type, object_key, sniffed: sniffed ?? null, mismatch },
          ...{ updated_at: iso(now), mixed },
        },
      },
      // The name too: the content was judged by it. And the folder: the event says where the file is.
      condition: `${stepsBack.condition} AND #name = :judged_name AND #folder_id = :told_folder`,
      values: { judged_name: file.name, told_folder: file.folder_id, ...stepsBack.values },
    }),
    { put: { ...keys.version(fileId, version_id), ...restored }, condition: "attribute_not_exists(#pk)" },
    ...(restored.shared ? [holdWrite(restored)] : []),
    stepsBack.write,
    eventWrite(now, {
      type: "version_restored",
      request_id: call.requestId,
      workspace_id: file.workspace_id,
      file_id: fileId,
      actor: actorOf(call.caller),
      data: {
        ...{ name: file.name, folder_id: file.folder_id, size, version_id },
        ...{ restored_from: version.version_id, previous_version_id: file.version_id },
        ...(mismatch === null ? {} : { mismatch }),
      },
    }),
  ];
  return { writes, restored };
}
