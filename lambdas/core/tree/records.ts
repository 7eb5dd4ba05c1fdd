/** Shapes of what the table stores of folders and of names in them, checked at every read. */
import * as z from "zod";

/** One name in a folder. */
export const entryRecord = z.object({
  sk: z.string(),
  node_id: z.string(),
  kind: z.enum(["file", "folder"]),
  /** Of a file: the client that made it, so that who may write to it is known without another read. */
  created_by: z.string().optional(),
});
export type EntryRecord = z.infer<typeof entryRecord>;

/** See `keys.pathHint`. */
export const pathHintRecord = z.object({ path: z.string(), folder_id: z.string() });

/** See `keys.fileHint`. */
export const fileHintRecord = z.object({ file_id: z.string() });

export const folderRecord = z.object({
  kind: z.literal("folder"),
  node_id: z.string(),
  /** See `nodeRecord` of access. */
  above: z.array(z.string()).optional(),
  workspace_id: z.string(),
  /** `null` for a workspace's root. */
  parent_id: z.string().nullable(),
  name: z.string(),
  /** From the root, as it was when the folder was made; the root has none. */
  path: z.string().optional(),
  created_at: z.string(),
  /** Who made it by a call of its own. */
  created_by: z.string().optional(),
  /** Of its last change; none where it never had one. */
  updated_at: z.string().optional(),
  deleted_at: z.string().optional(),
});
export type FolderRecord = z.infer<typeof folderRecord>;
