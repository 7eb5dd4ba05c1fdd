/** What a change of a file is in the table, and what there is to tell of it, for the transaction of whoever makes it. */
import type { Item, Write } from "#aws/table.ts";
import { isOther, type Merged } from "#core/content/merge-metadata.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import { notFound } from "#core/kernel/error.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { ofName, roomFor } from "#core/tree/reach.ts";
import { fileUpdate, type Preconditions } from "./fenced-write.ts";
import { addEntry, nameTakenThere, removeEntry } from "./file-entry.ts";
import type { FileRecord } from "./records.ts";

type News = Pick<NewEvent, "type" | "workspace_id" | "data">;

function isMoved(from: FileRecord, to: FileRecord): boolean {
  return to.name !== from.name || to.folder_id !== from.folder_id;
}

/**
 * What there is to tell of a change: nothing where nothing changes.
 *
 * @param changed the same file as it is to be. @param metadata of its current version.
 */
export function newsOf(file: FileRecord, changed: FileRecord, metadata?: Merged): News[] {
  const { name, folder_id, workspace_id } = changed;
  const described = { from: file.description ?? null, to: changed.description ?? null };
  const tagged = { from: file.tags ?? [], to: changed.tags ?? [] };
  const changes = {
    ...(described.from === described.to ? {} : { description: described }),
    ...(JSON.stringify(tagged.from) === JSON.stringify(tagged.to) ? {} : { tags: tagged }),
    ...(metadata !== undefined && isOther(metadata)
      ? { metadata: { version_id: file.version_id, ...metadata } }
      : {}),
  };
  const isChanged = Object.keys(changes).length > 0;
  return [
    ...(isMoved(file, changed) ? movesOf(file, changed) : []),
    ...(isChanged
      ? [{ type: "file_changed" as const, workspace_id, data: { name, folder_id, changes } }]
      : []),
  ];
}

/** Between workspaces each hears of its own side: what stands in one is read by whoever has rights there alone. */
function movesOf(file: FileRecord, changed: FileRecord): News[] {
  const type = "file_moved";
  const [from, to] = [file, changed].map(({ name, folder_id }) => ({ name, folder_id }));
  const flagged = changed.mismatch ? { mismatch: changed.mismatch } : {};
  const { workspace_id } = changed;
  if (workspace_id === file.workspace_id) return [{ type, workspace_id, data: { from, to, ...flagged } }];
  return [
    { type, workspace_id: file.workspace_id, data: { from, to: null } },
    { type, workspace_id, data: { from: null, to, ...flagged } },
  ];
}

interface Change {
  file: FileRecord;
  /** The same as it is to be, and the folders above it then. */
  changed: FileRecord;
  trail: readonly TrailFolder[];
  news: readonly News[];
  preconditions: Preconditions;
  now: number;
}

/**
 * The file's record under its fence, its names, room above it, and the events. Versions, links and the lock come along
 * wherever it goes: where they are is said by the file's record alone.
 *
 * What others have changed since it was read is read again.
 */
export function changeWrites(
  call: Pick<Call, "caller" | "requestId">,
  { file, changed, trail, news, preconditions, now }: Change,
): Write[] {
  const { workspace_id, name, asked_name, folder_id, above, hint_path, mismatch } = changed;
  const { description, tags, updated_at } = changed;
  const told = { request_id: call.requestId, file_id: file.node_id, actor: actorOf(call.caller) };
  const stillSaid =
    file.description === undefined ? "attribute_not_exists(#description)" : "#description = :old_description";
  const stillTagged = file.tags === undefined ? "attribute_not_exists(#tags)" : "#tags = :old_tags";
  const { set: brought, remove: left, ...stillLocked } = arrivalWrites(file, changed);
  return [
    fileUpdate(now, file.node_id, preconditions, {
      update: {
        set: {
          ...{ workspace_id, name, asked_name, folder_id, above, hint_path, mismatch },
          ...{ description, tags, updated_at, ...brought },
        },
        remove: [
          ...(asked_name === undefined ? ["asked_name"] : []),
          ...(above === undefined ? ["above"] : []),
          ...(hint_path === undefined ? ["hint_path"] : []),
          ...(description === undefined ? ["description"] : []),
          ...(tags === undefined ? ["tags"] : []),
          ...left,
        ],
      },
      // The version too: its content is what a new name was judged by. And what is said of it: the event says what it was.
      condition: `#name = :old_name AND #folder_id = :old_folder_id AND #version_id = :judged AND #updated_at = :read_at AND ${stillSaid} AND ${stillTagged}${stillLocked.condition}`,
      values: {
        ...{
          old_name: file.name,
          old_folder_id: file.folder_id,
          judged: file.version_id,
          read_at: file.updated_at,
        },
        old_description: file.description,
        old_tags: file.tags,
        ...stillLocked.values,
      },
    }),
    ...(isMoved(file, changed) ? entryWrites(file, changed, trail) : []),
    ...news.map((one) => eventWrite(now, { ...told, ...one })),
  ];
}

/** What comes along from another workspace: see `arrival`. Its lock where that is the one that was read. */
export function arrivalWrites(
  file: Brought,
  { came_ms, links_since_ms, lock }: Brought,
): { set: Item; remove: string[]; condition: string; values: Item } {
  const brings = lock !== undefined && lock !== file.lock;
  return {
    set: {
      ...{ came_ms, links_since_ms },
      ...(brings && { "lock.epoch": lock.epoch, "lock.expires_ms": lock.expires_ms }),
    },
    remove: links_since_ms === undefined && file.links_since_ms !== undefined ? ["links_since_ms"] : [],
    condition: brings ? " AND #lock.#lock_id = :brought_lock" : "",
    values: brings ? { brought_lock: lock.lock_id } : {},
  };
}

type Brought = Pick<FileRecord, "came_ms" | "links_since_ms" | "lock">;

/** The new name is taken, in a folder that is there and bounds it; the old one is free. */
function entryWrites(file: FileRecord, changed: FileRecord, trail: readonly TrailFolder[]): Write[] {
  return [
    ...roomFor(changed.workspace_id, trail, {
      reach: ofName(changed.name),
      gone: () => notFound("folder", changed.folder_id),
    }),
    ...addEntry(changed, () => nameTakenThere(changed.name)),
    ...removeEntry(file),
  ];
}
