/** Shapes of what the table stores of links, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";

export const linkRecord = z.object({
  pk: z.string(),
  sk: z.string(),
  share_id: z.string(),
  file_id: z.string(),
  /** The version that the link leads to; none where it leads to the file's current one. */
  version_id: z.string().optional(),
  /** Of one that leads to a version: the name that this one had when the link was made. */
  name: z.string().optional(),
  /** Where its file was when the link was made, or was last opened: a hint. Where it is says the file's record. */
  workspace_id: z.string(),
  /** Whose that was when it was made: a hint, which the workspace's record proves. */
  organization_id: z.string().optional(),
  /** Folders above its file, from below the root down, as they were when it was made: a hint. None where they are many. */
  above: z.array(z.string()).optional(),
  /** That one's when the link was made; see `isLeftBehind`. None where it was never handed over. */
  epoch: z.number().optional(),
  created_by: z.string(),
  created_at: z.string(),
  expires_ms: z.number(),
  max_downloads: z.number().optional(),
  downloads: z.number(),
  revoked_at: z.string().optional(),
  /** Set once `link_expired` is in the outbox. */
  ended_at: z.string().optional(),
  /** To whom it was handed over last, and where its file was then; see `link-holder.ts`. */
  held: z
    .object({
      holder_id: z.string(),
      workspace_id: z.string(),
      /** That one's, and when the file had come to it. */
      epoch: z.number(),
      came_ms: z.number().optional(),
      /** How often it has been handed over. */
      turn: z.number(),
    })
    .optional(),
  /** `scrypt$N$r$p$salt$hash`, base64url. */
  password: z.string().optional(),
  /** When (ms) the tries that were taken from what all sources have together have come back; see `take-try.ts`. */
  tries_until_ms: z.number().optional(),
  /** Id of the latest try that took one. */
  try_id: z.string().optional(),
});
export type LinkRecord = z.infer<typeof linkRecord>;

/** See `keys.linkTries`. */
export const linkTriesRecord = z.object({
  /** Wrong passwords since the last right one, when (ms) the latest was, and its id. */
  tried: z.number().optional(),
  tried_ms: z.number().optional(),
  try_id: z.string().optional(),
  /** When (ms) the latest right one came. */
  right_ms: z.number().optional(),
});
export type LinkTries = z.infer<typeof linkTriesRecord>;

/** See `keys.linkStart`. */
export const linkStartRecord = z.object({
  /** When it was counted. */
  started_ms: z.number(),
  /** Whether the file's beginning was asked for since; a range may have come before it. */
  begun: z.boolean(),
  /** Ranges past the beginning that have gone on with it. */
  ranges: z.number(),
});
export type LinkStart = z.infer<typeof linkStartRecord>;
