/** Shapes of what the table stores of folders and of names in them, checked at every read. */
import * as z from "zod";
import { actor } from "#contract/common.ts";

/** Of a folder or file that was deleted. */
export const gone = {
  deleted_at: z.string().optional(),
  /** None of what went with the folder that it is in. */
  deleted_by: z.string().optional(),
  /** From here on it is in no trash: it is taken apart, and never comes back. */
  purged_ms: z.number().optional(),
};

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
  /** See `reach.ts`. */
  reach_levels: z.number().optional(),
  reach_bytes: z.number().optional(),
  created_at: z.string(),
  /** Who made it by a call of its own. */
  created_by: z.string().optional(),
  /** Of its last change; none where it never had one. */
  updated_at: z.string().optional(),
  ...gone,
  /** On its way to another workspace: deleted in neither's trash until all that is in it is brought over. */
  moving: z
    .object({
      workspace_id: z.string(),
      parent_id: z.string(),
      name: z.string(),
      /** From when (ms) links to what is in it are that lead there. */
      links_since_ms: z.number().optional(),
      /** Whose call it was. */
      by: actor,
      request_id: z.string(),
      /** After which place it goes on. */
      place: z.object({ path: z.string(), folder_id: z.string() }).optional(),
    })
    .optional(),
});
export type FolderRecord = z.infer<typeof folderRecord>;

/** What a workspace's trash lists of a thing. */
export const trashRecord = z.object({
  node_id: z.string(),
  kind: z.enum(["file", "folder"]),
  name: z.string(),
  /** The folder that it was in. */
  parent_id: z.string(),
  /** Where it was, from the root. */
  path: z.string(),
  /** Of a file. */
  size: z.number().optional(),
  deleted_at: z.string(),
  deleted_by: z.string(),
  purge_ms: z.number(),
});
export type TrashRecord = z.infer<typeof trashRecord>;

/** What an organization's trash lists of a workspace. */
export const trashedWorkspaceRecord = trashRecord
  .pick({ name: true, deleted_at: true, deleted_by: true, purge_ms: true })
  .extend({ node_id: z.string(), kind: z.literal("workspace") });
export type TrashedWorkspaceRecord = z.infer<typeof trashedWorkspaceRecord>;
