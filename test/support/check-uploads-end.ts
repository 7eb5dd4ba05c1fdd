/** What must hold of a workspace once its uploads are over, whatever went wrong on the way. */
import assert from "node:assert/strict";
import type { z } from "zod";
import { keys, under } from "#aws/keys.ts";
import {
  type FileRecord,
  fileRecord,
  isPurged,
  type VersionRecord,
  versionRecord,
} from "#core/files/records.ts";
import type { finalizeAnswer } from "#core/finalize/contract.ts";
import type { World } from "./world.ts";

/** What a client was told of a session that it began. */
export interface Told {
  uploadId: string;
  finalized?: z.infer<typeof finalizeAnswer>;
  aborted?: true;
}

type Items = readonly Record<string, unknown>[];

/**
 * Checks names, hints, versions, bytes and events against each other and against what was told.
 * @throws AssertionError
 */
export async function checkUploadsEnd(world: World, workspaceId: string, told: readonly Told[]) {
  const items = await world.dump();
  const nodes = items.filter(({ sk, workspace_id }) => sk === "META" && workspace_id === workspaceId);
  const files = nodes.filter(({ kind }) => kind === "file").map((item) => fileRecord.parse(item));
  const live = files.filter(({ deleted_at }) => deleted_at === undefined);
  // What is in the trash has all that it had.
  const kept = files.filter((file) => !isPurged(file));
  const ids = new Set(files.map(({ node_id }) => node_id));
  const versions = items
    .filter(({ sk }) => String(sk).startsWith(under.versions))
    .map((item) => versionRecord.parse(item))
    .filter(({ file_id, removed_ms }) => removed_ms === undefined && ids.has(file_id));

  checkNames(items, live, { workspaceId, folders: nodes.filter(({ kind }) => kind === "folder") });
  for (const file of live) {
    const own = versions.filter(({ file_id }) => file_id === file.node_id);
    const standing = own.filter(({ superseded_ms }) => superseded_ms === undefined);
    const found = standing.map(({ version_id }) => version_id);
    assert.deepEqual(found, [file.version_id], "one version stands");
    for (const { object_key, version_id } of own)
      assert((await world.deps.objects.head(object_key)) !== undefined, `${version_id} has lost its bytes`);
  }
  await checkTold(world, workspaceId, { told, kept, versions });
}

/** Each file has its name and, in a folder, its hint; each of these leads to a file. */
function checkNames(
  items: Items,
  live: readonly FileRecord[],
  { workspaceId, folders }: { workspaceId: string; folders: Items },
): void {
  const own = new Set([...folders.map(({ node_id }) => node_id), ...live.map(({ folder_id }) => folder_id)]);
  const entries = items.filter(({ pk, kind }) => kind === "file" && own.has(String(pk).replace("DIR#", "")));
  same(
    entries.map(({ pk, sk, node_id }) => `${pk} ${sk} ${node_id}`),
    live.map(({ folder_id, name, node_id }) => `DIR#${folder_id} ${name} ${node_id}`),
    "names and files",
  );
  const hints = items.filter(({ pk, file_id }) => pk === `PATH#${workspaceId}` && file_id !== undefined);
  same(
    hints.map(({ sk, file_id }) => `${sk} ${file_id}`),
    live.flatMap(({ hint_path, node_id }) =>
      hint_path === undefined ? [] : [`${keys.fileHint(workspaceId, hint_path).sk} ${node_id}`],
    ),
    "hints and files",
  );
}

/** What was acknowledged is there and told of, once; what was aborted is not. */
async function checkTold(
  world: World,
  workspaceId: string,
  {
    told,
    kept,
    versions,
  }: { told: readonly Told[]; kept: readonly FileRecord[]; versions: readonly VersionRecord[] },
): Promise<void> {
  const completed = (await world.events("upload_completed")).filter(
    (one) => one.workspace_id === workspaceId,
  );
  const made = completed.map(({ data }) => String(data["upload_id"]));
  same(made, [...new Set(made)], "an upload is told of once");
  for (const { uploadId, finalized, aborted } of told) {
    if (aborted) assert(!made.includes(uploadId), `${uploadId} was aborted, and completed`);
    if (finalized === undefined) continue;
    const { version_id, file_id } = finalized;
    assert.deepEqual(
      completed
        .filter(({ data }) => data["upload_id"] === uploadId)
        .map(({ data, file_id }) => [data["version_id"], file_id]),
      [[version_id, file_id]],
      `${uploadId} was acknowledged`,
    );
    const stands = kept.some(({ node_id }) => node_id === file_id);
    const isThere = versions.some((version) => version.version_id === version_id);
    assert.equal(isThere, stands, `${version_id} and its file`);
  }
}

const same = (found: readonly string[], expected: readonly string[], what: string) =>
  assert.deepEqual(found.toSorted(), expected.toSorted(), what);
