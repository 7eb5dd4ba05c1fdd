/** Shapes of what the table stores of versions, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";
import { sniffed } from "../files/records.ts";

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
  /** Of a restoration: the client that sent the bytes. */
  content_by: z.string().optional(),
  /** When another version became the current one in its place. */
  superseded_ms: z.number().optional(),
  /** From here on nobody sees it; the sweep removes its bytes unless another version names them. */
  removed_ms: z.number().optional(),
});
export type VersionRecord = z.infer<typeof versionRecord>;
