import { keys } from "#aws/keys.ts";
import { happened, type Item, type Write } from "#aws/table.ts";
import { judgeName } from "#core/content/judge-name.ts";
import { requireAllowed } from "#core/content/require-allowed.ts";
import type { FileDetail } from "#core/files/contract.ts";
import { downloadEvent } from "#core/files/download-file.ts";
import { fileUpdate, type Preconditions } from "#core/files/fenced-write.ts";
import { fileView } from "#core/files/file-view.ts";
import { requireOwn } from "#core/files/files-to-handle.ts";
import { findFile } from "#core/files/find-file.ts";
import { newFileWrites } from "#core/files/new-file.ts";
import { type FileRecord, isStanding, type VersionRecord } from "#core/files/records.ts";
import { supersede } from "#core/files/supersede-version.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { ofName } from "#core/tree/reach.ts";
import { idsOf, lastOf } from "#core/tree/way.ts";
import { type Place, placeOf } from "#core/uploads/upload-place.ts";
import { findVersion } from "#core/versions/find-version.ts";
import { holdWrite, LIVE, shareWrites } from "#core/versions/holds.ts";
import { newVersionWrite } from "#core/versions/new-version.ts";
import { versionsOf } from "#core/versions/versions-of.ts";
import type { CopyFile } from "./contract.ts";
import { copyTarget, type Target, trailAgain } from "./copy-target.ts";

/** Many may copy one file at once, and each compares that it is there. */
const ROUNDS = 20;

/** What is copied. */
interface Source {
  file: FileRecord;
  version: VersionRecord;
}

/**
 * Makes a file, or a version of one, of another's bytes, which both name from then on, in one transaction with
 * `file_copied`: nothing of it where the other is deleted meanwhile. No bytes are moved.
 *
 * What the route decides on is what is copied; where to is decided here, as of an upload. Folders that aren't there are made
 * before.
 *
 * @throws WharfError invalid_request, not_found (file, version, workspace, folder), forbidden, policy_denied, type_mismatch, name_taken, conflict, file_locked, lock_lost, version_mismatch.
 */
export async function copyFile(
  deps: Deps,
  call: Call,
  fileId: string,
  { version: versionId, folder, workspace, name, if_exists }: CopyFile,
  preconditions: Preconditions,
): Promise<FileDetail> {
  const first = await sourceOf(deps, fileId, versionId, call.ahead);
  const { file } = first;
  const shown = call.access?.own === true ? (file.asked_name ?? file.name) : file.name;
  const into = "segments" in folder ? { workspace: file.workspace_id, path: folder.segments } : folder;
  const place = await placeOf(deps, call, {
    ...into,
    ...(workspace === undefined ? {} : { workspace }),
    ...{ filename: name ?? shown, if_exists },
  });
  requireAllowed(place.access.workspace, first.version, place.name);
  // Before folders are made for it.
  await judgeName(deps, first.version, place.name, first.version.content_type);
  const { workspace_id, folders, way } = place;
  const made = await makeFolders(deps, workspace_id, folders, { way, reach: ofName(place.name) });

  const attempt = async (round: number) => {
    const source = round === 0 ? first : await sourceOf(deps, fileId, versionId);
    const trail = round === 0 ? made : await trailAgain(deps, workspace_id, made);
    const target = await copyTarget(deps, call, place, { trail, fileId, if_exists, preconditions });
    const { version } = source;
    if (call.access?.own === true) requireOwn(call.caller.id, source.file);
    requireAllowed(place.access.workspace, version, target.name);
    const judged = await judgeName(deps, version, target.name, version.content_type);
    await shareOthers(deps, source);
    const { writes, answer } = copyOf(call, {
      source,
      place,
      target,
      judged,
      preconditions,
      now: deps.now(),
    });
    await deps.table.transact([...sourceWrites(source), ...writes, ...call.record(answer)]);
    return answer;
  };
  return inRounds(attempt, "Others keep changing this file or that name. Send the request again.", ROUNDS);
}

async function sourceOf(
  deps: Deps,
  fileId: string,
  versionId: string | undefined,
  ahead: readonly Item[] = [],
): Promise<Source> {
  if (versionId !== undefined) return findVersion(deps, fileId, versionId, ahead);
  const { version_id } = await findFile(deps, fileId, ahead);
  return findVersion(deps, fileId, version_id, ahead);
}

/**
 * Marks what else of the file names the bytes: a version and its restorations. Of the current one that is none itself there
 * is none, and what comes makes another version current.
 */
async function shareOthers(deps: Deps, { file, version }: Source): Promise<void> {
  if (version.version_id === file.version_id && version.restored_from === undefined) return;
  for await (const other of versionsOf(deps, file.node_id)) {
    const { version_id, object_key, shared } = other;
    if (version_id === version.version_id || object_key !== version.object_key || shared) continue;
    const standing = { check: keys.node(file.node_id), condition: "attribute_not_exists(#deleted_at)" };
    // It is gone, or another copy has marked it.
    await happened(
      deps.table.transact([...shareWrites(other, { condition: "attribute_exists(#pk)" }), standing]),
    );
  }
}

/** What is copied is there still, with the same versions, and those of its bytes are shared. */
function sourceWrites({ file, version }: Source): Write[] {
  return [
    {
      check: keys.node(file.node_id),
      // A restoration since would be one that isn't shared, and another's version one that the caller may not see.
      condition: `attribute_not_exists(#deleted_at) AND #version_id = :told_version`,
      values: { told_version: file.version_id },
    },
    ...(version.shared
      ? [{ check: keys.version(file.node_id, version.version_id), ...LIVE }]
      : shareWrites(version, LIVE)),
  ];
}

interface Copy {
  source: Source;
  place: Place;
  target: Target;
  judged: Awaited<ReturnType<typeof judgeName>>;
  preconditions: Preconditions;
  now: number;
}

function copyOf(
  call: Call,
  { source: { file, version }, place, target, judged, preconditions, now }: Copy,
): { writes: Write[]; answer: FileDetail } {
  const { workspace_id, asked_name, access } = place;
  const { name, trail } = target;
  const folder_id = lastOf({ workspace_id, trail });
  const file_id = target.file?.node_id ?? newId("file", now);
  const { object_key, size, content_type, crc32, crc32c, sha256, metadata, upload_id } = version;
  const copied = { version_id: newId("ver", now), file_id, object_key };
  const content = { size, content_type, crc32, crc32c, sha256 };
  const mismatch = judged.mismatch ?? null;
  const current = {
    ...{ version_id: copied.version_id, size, content_type, object_key },
    ...{ sniffed: judged.sniffed ?? null, mismatch, updated_at: iso(now) },
  };
  const said = { description: file.description, tags: file.tags };
  const writes: Write[] = [
    ...(target.file === undefined
      ? newFileWrites(
          { workspace_id, trail, asked_name, client_id: call.caller.id },
          { file_id, name, current: { ...current, ...said }, now },
        )
      : newVersion(target.file, { call, current, preconditions, now })),
    newVersionWrite(
      { upload_id, object_key, client_id: call.caller.id, metadata, copied_from: version.version_id },
      { ...copied, name, content, sniffed: judged.sniffed, state: "ready", now },
    ),
    holdWrite(copied),
    eventWrite(now, {
      type: "file_copied",
      ...{ request_id: call.requestId, actor: actorOf(call.caller), workspace_id, file_id },
      data: {
        ...{ name, folder_id, ...content, version_id: copied.version_id },
        copied_from: { file_id: file.node_id, version_id: version.version_id },
        ...(target.file && { previous_version_id: target.file.version_id }),
        ...(mismatch === null ? {} : { mismatch }),
      },
    }),
    ...(workspace_id === file.workspace_id ? [] : [leaving(call, { file, version }, now)]),
  ];
  const record: FileRecord = {
    ...(target.file ?? {
      ...{ kind: "file", node_id: file_id, workspace_id, folder_id, name, asked_name, ...said, fencing: 0 },
      ...{ above: idsOf(trail), created_at: iso(now), created_by: call.caller.id },
    }),
    ...{ ...current, sniffed: judged.sniffed },
  };
  const view = fileView(record, { trail, own: access.blind });
  return { writes, answer: { ...view, crc32, crc32c, sha256, metadata } };
}

/** Whoever watches a workspace hears of bytes that leave it, as where they are downloaded. */
function leaving(call: Call, { file, version: { version_id, size } }: Source, now: number): Write {
  return downloadEvent({ now: () => now }, call, { ...file, version_id, size });
}

/** Another version becomes the current one of a file that is there. */
function newVersion(
  file: FileRecord,
  {
    call,
    current,
    preconditions,
    now,
  }: { call: Call; current: Item; preconditions: Preconditions; now: number },
): Write[] {
  const { condition, values, write } = supersede(now, file);
  const mixed = call.caller.id === file.created_by ? undefined : true;
  const fenced = fileUpdate(now, file.node_id, preconditions, {
    update: { set: { ...current, mixed } },
    // The name too: the content was judged by it. And the folder: answer and event say where the file is.
    condition: `${condition} AND #name = :judged_name AND #folder_id = :told_folder`,
    values: { ...values, judged_name: file.name, told_folder: file.folder_id },
  });
  // Gone, its name leads elsewhere, or nowhere.
  return [{ ...fenced, else: (item) => (isStanding(item) ? fenced.else?.(item) : undefined) }, write];
}
