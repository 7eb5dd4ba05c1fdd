import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { authorize } from "#core/access/authorize.ts";
import { locateNode } from "#core/access/place.ts";
import { judgeName } from "#core/content/judge-name.ts";
import { isOther, type Merged, mergeMetadata, orNone } from "#core/content/merge-metadata.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";
import type { Allowed, TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { authorizePath } from "#core/tree/place-to-create.ts";
import { ofName, pathOf, roomFor } from "#core/tree/reach.ts";
import { requirePath } from "#core/tree/require-path.ts";
import { idsOf, lastOf, locatedAt } from "#core/tree/way.ts";
import { blindName } from "./blind-name.ts";
import type { ChangedFile, ChangeFile, FolderRef } from "./contract.ts";
import { fileUpdate, type Preconditions, whyRefused } from "./fenced-write.ts";
import { addEntry, nameTakenThere, removeEntry } from "./file-entry.ts";
import { fileView, shownTo } from "./file-view.ts";
import { findFile } from "./find-file.ts";
import { type FileRecord, versionRecord } from "./records.ts";
import { requireNoGain } from "./require-no-gain.ts";
import { trailNow } from "./trail-now.ts";

/**
 * Changes what the request names of a file, and leaves the rest, in one transaction with the events of it:
 * `file_moved`, `file_changed`.
 *
 * Where all is as it is to be, nothing happens, and nothing is told. Touches no bytes.
 *
 * @throws WharfError invalid_request (the path is too long, metadata too much), name_taken, type_mismatch, file_locked, lock_lost, version_mismatch, not_found, not_a_file; forbidden where a move would hand rights over.
 */
export async function changeFile(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  call: Call,
  fileId: string,
  wanted: ChangeFile,
  preconditions: Preconditions,
): Promise<ChangedFile> {
  const attempt = async (round: number) => {
    const file = await findFile(deps, fileId, round === 0 ? call.ahead : []);
    const { trail, ...target } = await targetOf(deps, call, file, wanted);
    const description = wanted.description === undefined ? file.description : wanted.description || undefined;
    const tags = wanted.tags === undefined ? file.tags : wanted.tags.length > 0 ? wanted.tags : undefined;
    const metadata = wanted.metadata && mergeMetadata(await attachedTo(deps, file), wanted.metadata);
    const now = deps.now();
    const changed = { ...file, ...target, description, tags, updated_at: iso(now) };
    const news = newsOf(file, changed, metadata);
    const attached = metadata && { metadata: orNone(metadata.to) };
    if (news.length === 0) {
      const refused = whyRefused(file, fileId, preconditions, now);
      if (refused !== undefined) throw refused;
      return { ...fileView(file, shownTo(call)), ...attached };
    }
    const answer = { ...fileView(changed, { ...shownTo(call), trail }), ...attached };
    const writes = changeWrites(call, { file, changed, trail, metadata, news, preconditions, now });
    await deps.table.transact([...writes, ...call.record(answer)]);
    return answer;
  };
  return inRounds(attempt, "Others keep changing this file; read it and send this again.");
}

type Place = Pick<FileRecord, "name" | "asked_name" | "folder_id" | "above" | "hint_path" | "mismatch"> & {
  /** The folders from below the root down to its own. */
  trail: readonly TrailFolder[];
};

/** Where the file is to be, and what is flagged of it there. @throws WharfError invalid_request, type_mismatch, not_found */
async function targetOf(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  call: Call,
  file: FileRecord,
  { name: asked = file.asked_name ?? file.name, folder }: ChangeFile,
): Promise<Place> {
  const here = { trail: await trailNow(deps, call, file), access: call.access };
  const { trail, access } =
    folder === undefined ? here : await targetFolder(deps, call, file, { ref: folder, name: asked });
  const folder_id = lastOf({ workspace_id: file.workspace_id, trail });
  const isBlind = access?.blind === true;
  const isSame = asked === (file.asked_name ?? file.name) && folder_id === file.folder_id;
  if (isSame) return { ...file, trail: here.trail };
  const name = isBlind ? blindName(asked) : asked;
  const path = pathOf([...trail, { name }]);
  requirePath(path);
  return {
    ...{ name, asked_name: isBlind ? asked : undefined, folder_id, trail },
    ...{ above: idsOf(trail), hint_path: trail.length === 0 ? undefined : path },
    mismatch: await mismatchUnder(deps, file, name),
  };
}

function isMoved(from: FileRecord, to: Pick<Place, "name" | "folder_id">): boolean {
  return to.name !== from.name || to.folder_id !== from.folder_id;
}

type News = Pick<NewEvent, "type" | "data">;

/** What there is to tell of the change: nothing where nothing changes. */
function newsOf(
  file: FileRecord,
  { name, folder_id, mismatch, description, tags }: FileRecord,
  metadata: Merged | undefined,
): News[] {
  const moved: News = {
    type: "file_moved",
    data: {
      from: { name: file.name, folder_id: file.folder_id },
      to: { name, folder_id },
      ...(mismatch ? { mismatch } : {}),
    },
  };
  const described = { from: file.description ?? null, to: description ?? null };
  const tagged = { from: file.tags ?? [], to: tags ?? [] };
  const changes = {
    ...(described.from === described.to ? {} : { description: described }),
    ...(JSON.stringify(tagged.from) === JSON.stringify(tagged.to) ? {} : { tags: tagged }),
    ...(metadata !== undefined && isOther(metadata)
      ? { metadata: { version_id: file.version_id, ...metadata } }
      : {}),
  };
  const changed: News = { type: "file_changed", data: { name, folder_id, changes } };
  return [
    ...(isMoved(file, { name, folder_id }) ? [moved] : []),
    ...(Object.keys(changes).length > 0 ? [changed] : []),
  ];
}

/** What of the content is to be flagged under a new name. @throws WharfError type_mismatch */
async function mismatchUnder(
  deps: Pick<Deps, "objects" | "config">,
  file: FileRecord,
  name: string,
): Promise<FileRecord["mismatch"]> {
  if (name === file.name) return file.mismatch ?? null;
  return (await judgeName(deps, file, name)).mismatch ?? null;
}

/**
 * The folder to move into, where the caller may create, and could do no more to the file than where it is; a path's
 * missing folders are made, as an upload does, but for none that is too deep.
 */
async function targetFolder(
  deps: TableDeps,
  call: Call,
  file: FileRecord,
  { ref, name }: { ref: FolderRef; name: string },
): Promise<{ trail: readonly TrailFolder[]; access: Allowed }> {
  const { workspace_id } = file;
  const from = locateNode(call.caller.id, file);
  if (!("segments" in ref)) {
    const { folder_id } = ref;
    const [item] = await deps.table.batchGet([keys.node(folder_id)]);
    const located = item?.["kind"] === "folder" ? locateNode(call.caller.id, item) : undefined;
    const there = located?.workspace_id === workspace_id ? located : undefined;
    const access = await authorize(deps, call, there, { action: "create", what: ["folder", folder_id] });
    if (folder_id !== file.folder_id) await requireNoGain(deps, call, from, there);
    return { trail: access.trail, access };
  }
  requirePath([...ref.segments, name].join("/"));
  const { access, way } = await authorizePath(deps, call, workspace_id, ref);
  if (lastOf(way) !== file.folder_id) await requireNoGain(deps, call, from, locatedAt(way));
  const trail = await makeFolders(deps, workspace_id, ref.segments, { way, reach: ofName(name) });
  return { trail, access };
}

interface Change {
  file: FileRecord;
  /** The same as it is to be, and the folders above it then. */
  changed: FileRecord;
  trail: readonly TrailFolder[];
  metadata: Merged | undefined;
  news: readonly News[];
  preconditions: Preconditions;
  now: number;
}

/** What others have changed since it was read is read again. */
function changeWrites(
  call: Call,
  { file, changed, trail, metadata, news, preconditions, now }: Change,
): Write[] {
  const { name, asked_name, folder_id, above, hint_path, mismatch, description, tags, updated_at } = changed;
  const told = {
    request_id: call.requestId,
    workspace_id: file.workspace_id,
    file_id: file.node_id,
    actor: actorOf(call.caller),
  };
  const stillSaid =
    file.description === undefined ? "attribute_not_exists(#description)" : "#description = :old_description";
  const stillTagged = file.tags === undefined ? "attribute_not_exists(#tags)" : "#tags = :old_tags";
  return [
    fileUpdate(now, file.node_id, preconditions, {
      update: {
        set: { name, asked_name, folder_id, above, hint_path, mismatch, description, tags, updated_at },
        remove: [
          ...(asked_name === undefined ? ["asked_name"] : []),
          ...(above === undefined ? ["above"] : []),
          ...(hint_path === undefined ? ["hint_path"] : []),
          ...(description === undefined ? ["description"] : []),
          ...(tags === undefined ? ["tags"] : []),
        ],
      },
      // The version too: its content is what a new name was judged by. And what is said of it: the event says what it was.
      condition: `#name = :old_name AND #folder_id = :old_folder_id AND #version_id = :judged AND #updated_at = :read_at AND ${stillSaid} AND ${stillTagged}`,
      values: {
        ...{
          old_name: file.name,
          old_folder_id: file.folder_id,
          judged: file.version_id,
          read_at: file.updated_at,
        },
        old_description: file.description,
        old_tags: file.tags,
      },
    }),
    ...(metadata !== undefined && isOther(metadata) ? [metadataWrite(file, metadata)] : []),
    ...(isMoved(file, changed) ? entryWrites(file, changed, trail) : []),
    ...news.map((one) => eventWrite(now, { ...told, ...one })),
  ];
}

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

/** The new name is taken, in a folder that is there and bounds it; the old one is free. */
function entryWrites(file: FileRecord, changed: FileRecord, trail: readonly TrailFolder[]): Write[] {
  return [
    ...roomFor(file.workspace_id, trail, {
      reach: ofName(changed.name),
      gone: () => notFound("folder", changed.folder_id),
    }),
    ...addEntry(changed, () => nameTakenThere(changed.name)),
    ...removeEntry(file),
  ];
}
