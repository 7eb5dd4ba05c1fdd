/** Shapes of what the table stores of files, folders and versions, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";
import { sniffedRecord } from "#core/content/judge-content.ts";
import { gone } from "#core/tree/records.ts";

/** Content that isn't quite what a name promises; see `judgeContent`. */
export const mismatchRecord = z.object({ claimed: z.string(), actual: z.string() });

/** What is known of a version's first bytes; none where it is older than what is kept, or the rules are newer. */
const sniffed = sniffedRecord.optional().catch(undefined);

/** The lock lives in the file's own record, so that a write's transaction checks it without another item. */
export const fileRecord = z.object({
  kind: z.literal("file"),
  node_id: z.string(),
  workspace_id: z.string(),
  folder_id: z.string(),
  name: z.string(),
  /** Where its maker learns nothing of what stands in the folder: the name that it asked for, and is shown. */
  asked_name: z.string().optional(),
  /** See `nodeRecord` of access. */
  above: z.array(z.string()).optional(),
  /** Below the root: the path under which `keys.fileHint` leads here. */
  hint_path: z.string().optional(),
  /** What people say of it; no version has one. */
  description: z.string().optional(),
  /** As people tagged it; no version is. */
  tags: z.array(z.string()).optional(),
  /** The current version and what listings say of it. */
  version_id: z.string(),
  size: z.number(),
  content_type: z.string(),
  object_key: z.string(),
  sniffed,
  /** The current version under the current name. */
  mismatch: mismatchRecord.nullish(),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
  ...gone,
  /** When (ms) it came from another workspace, and from when its links are that lead anywhere; see `isLeftBehind`. */
  came_ms: z.number().optional(),
  links_since_ms: z.number().optional(),
  /** Others than its maker have made versions of it; see `Made` of access. */
  mixed: z.boolean().optional(),
  /** Fencing number of the latest grant; only grows. 0 or absent: never locked. */
  fencing: z.number().default(0),
  /** `fencing` at the last write without a lease, which leases up to that generation have not outlived. */
  passed: z.number().optional(),
  /** Present while a grant stands (it may have expired: compare `expires_ms`). */
  lock: z
    .object({
      lock_id: z.string(),
      token_hash: z.string(),
      /** `fencing` as the grant made it: a lease of another generation than the file's is lost. */
      generation: z.number().default(0),
      client_id: z.string(),
      /** The workspace's when it was acquired: in the next it is none. 0 where none is said. */
      epoch: z.number().optional(),
      /** Its holder's, among whose locks it counts. */
      organization_id: z.string().optional(),
      /** What the acquisition said of its client, else the API client's name. */
      holder: z.string(),
      reason: z.string().optional(),
      acquired_ms: z.number(),
      expires_ms: z.number(),
      ttl_seconds: z.number(),
      /** Granted after waiting: what its end becomes once its holder shows itself, in the file's record and in the index. */
      whole: z.object({ expires_ms: z.number(), due_sk: z.string() }).optional(),
      /** Counts up, so that a renewal that arrives late is told from the one that it would undo. */
      renewals: z.number().default(0),
    })
    .optional(),
});
export type FileRecord = z.infer<typeof fileRecord>;

/** A deleted file's record stays for some time. */
export function isStanding<T extends { deleted_at?: unknown }>(file: T | undefined): file is T {
  return file !== undefined && file.deleted_at === undefined;
}

/** It comes back no more: what was deleted by somebody is in the trash until then, but for what is from before there was one. */
export function isPurged({ deleted_at, deleted_by, purged_ms }: FileRecord): boolean {
  return purged_ms !== undefined || (deleted_at !== undefined && deleted_by === undefined);
}

export const versionRecord = z.object({
  version_id: z.string(),
  file_id: z.string(),
  object_key: z.string(),
  size: z.number(),
  content_type: z.string(),
  sniffed,
  /** Its own: what the file was called when it became a version. None where it is from before that was kept. */
  name: z.string().optional(),
  crc32: z.string().optional(),
  crc32c: z.string().optional(),
  sha256: z.string().optional(),
  state: z.enum(["ready", "rejected"]),
  upload_id: z.string(),
  created_at: z.string(),
  created_by: z.string(),
  metadata: z.record(z.string(), z.string()).optional(),
  /** The version that this one is a restoration of; both name the same object. */
  restored_from: z.string().optional(),
  /** The version, of this or another file, that this one is a copy of; both name the same object. */
  copied_from: z.string().optional(),
  /** Versions of other files may name its object: it has a hold on that. See `versions/holds.ts`. */
  shared: z.literal(true).optional(),
  /** Of a restoration: the client that sent the bytes. */
  content_by: z.string().optional(),
  /** When another version became the current one in its place. */
  superseded_ms: z.number().optional(),
  /** From here on nobody sees it; the sweep removes its bytes unless another version names them. */
  removed_ms: z.number().optional(),
});
export type VersionRecord = z.infer<typeof versionRecord>;
