import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { requireNotHeld } from "#core/access/held.ts";
import { isOther, type Merged, mergeMetadata, orNone } from "#core/content/merge-metadata.ts";
import { requireAllowed, requireNameAllowed } from "#core/content/require-allowed.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import type { Owned } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { lastOf } from "#core/tree/way.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import { changeWrites, newsOf } from "./change-writes.ts";
import type { ChangedFile, ChangeFile, FolderRef } from "./contract.ts";
import { type Preconditions, whyRefused } from "./fenced-write.ts";
import { fileView, shownTo } from "./file-view.ts";
import { fileInRound } from "./find-file.ts";
import { arrival, type Place, placeAt, targetFolder } from "./move-target.ts";
import { type FileRecord, versionRecord } from "./records.ts";
import { trailNow } from "./trail-now.ts";

/**
 * Changes what the request names of a file, and leaves the rest, in one transaction with the events of it:
 * `file_moved`, `file_changed`.
 *
 * Where all is as it is to be, nothing happens, and nothing is told. Touches no bytes.
 *
 * @throws WharfError invalid_request (the path is too long, metadata too much), name_taken, type_mismatch, file_locked, lock_lost, version_mismatch, not_found, not_a_file; policy_denied; forbidden where a move would hand rights over.
 */
export async function changeFile(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  call: Call,
  fileId: string,
  wanted: ChangeFile,
  preconditions: Preconditions,
): Promise<ChangedFile> {
  const attempt = async (round: number) => {
    const file = await fileInRound(deps, call, fileId, round);
    const { trail, owned, ...target } = await targetOf(deps, call, file, wanted);
    const description = wanted.description === undefined ? file.description : wanted.description || undefined;
    const tags = wanted.tags === undefined ? file.tags : wanted.tags.length > 0 ? wanted.tags : undefined;
    const metadata = wanted.metadata && mergeMetadata(await attachedTo(deps, file), wanted.metadata);
    const now = deps.now();
    const from = call.access?.workspace;
    const arrived = from && owned && arrival(file, { from, to: owned, now });
    const changed = { ...file, ...target, ...arrived, description, tags, updated_at: iso(now) };
    const news = newsOf(file, changed, metadata);
    const attached = metadata && { metadata: orNone(metadata.to) };
    if (news.length === 0) {
      const refused = whyRefused(file, fileId, preconditions, now);
      if (refused !== undefined) throw refused;
      return { ...fileView(file, shownTo(call)), ...attached };
    }
    const answer = { ...fileView(changed, { ...shownTo(call), trail }), ...attached };
    const attaching = metadata !== undefined && isOther(metadata) ? [metadataWrite(file, metadata)] : [];
    const writes = changeWrites(call, { file, changed, trail, news, preconditions, now });
    await deps.table.transact([...writes, ...attaching, ...call.record(answer)]);
    return answer;
  };
  return inRounds(attempt, "Others keep changing this file; read it and send this again.");
}

/** Where the file is to be: where it is, where the request names neither name nor place. @throws WharfError as `targetFolder` and `placeAt` */
async function targetOf(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  call: Call,
  file: FileRecord,
  { name: asked = file.asked_name ?? file.name, workspace, folder }: ChangeFile,
): Promise<Place & { owned?: Owned | undefined }> {
  const here = { trail: await trailNow(deps, call, file), access: call.access };
  const workspace_id =
    workspace === undefined ? file.workspace_id : await requireWorkspaceNamed(deps, call.caller, workspace);
  const ref = folder ?? (workspace_id === file.workspace_id ? undefined : ROOT);
  const { trail, access } =
    ref === undefined ? here : await targetFolder(deps, call, file, { workspace_id, ref, name: asked });
  const isThere = lastOf({ workspace_id, trail }) === file.folder_id;
  if (isThere && asked === (file.asked_name ?? file.name)) return { ...file, trail: here.trail };
  if (workspace_id !== file.workspace_id) {
    requireNotHeld(call.access?.workspace ?? {});
    requireAllowed(access?.workspace ?? {}, file, asked);
  } else if (asked !== (file.asked_name ?? file.name)) requireNameAllowed(access?.workspace ?? {}, asked);
  const place = await placeAt(deps, file, { workspace_id, trail, asked, isBlind: access?.blind === true });
  return { ...place, owned: access?.workspace };
}

const ROOT: FolderRef = { segments: [] };

/** The current version's metadata. */
async function attachedTo({ table }: Pick<Deps, "table">, { node_id, version_id }: FileRecord) {
  return (await table.get(versionRecord, keys.version(node_id, version_id)))?.metadata ?? {};
}

/** The event tells what it was. */
function metadataWrite({ node_id, version_id }: FileRecord, { from, to }: Merged): Write {
  const left = orNone(to);
  const none = orNone(from) === undefined ? "attribute_not_exists(#metadata) OR " : "";
  return {
    key: keys.version(node_id, version_id),
    update: left === undefined ? { remove: ["metadata"] } : { set: { metadata: left } },
    condition: `attribute_exists(#pk) AND (${none}#metadata = :attached)`,
    values: { attached: from },
  };
}
