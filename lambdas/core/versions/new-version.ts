import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { SniffedRecord } from "#core/content/judge-content.ts";
import { iso, ttl } from "#core/kernel/time.ts";

/** How long a version's record tells of an upload that was refused. */
const REJECTED_KEEP_MS = 90 * 86_400_000;

/** What is known of a version's bytes. */
export interface Content {
  size: number;
  content_type: string;
  crc32?: string | undefined;
  crc32c?: string | undefined;
  sha256?: string | undefined;
}

/** The upload that a version comes of, by itself or as a copy. */
interface Origin {
  upload_id: string;
  object_key: string;
  client_id: string;
  metadata?: Record<string, string> | undefined;
  /** The version whose bytes it has, where nothing was sent. */
  copied_from?: string | undefined;
}

/** A version's record; what an upload that was refused left is told by one too. */
export function newVersionWrite(
  upload: Origin,
  {
    file_id,
    version_id,
    name,
    content,
    sniffed,
    state,
    now,
  }: {
    file_id: string;
    version_id: string;
    /** What the file is called as this becomes a version of it. */
    name: string;
    content: Content;
    sniffed?: SniffedRecord;
    state: "ready" | "rejected";
    now: number;
  },
): Write {
  return {
    put: {
      ...keys.version(file_id, version_id),
      ...{ version_id, file_id, state, name },
      object_key: upload.object_key,
      ...(upload.copied_from === undefined ? {} : { copied_from: upload.copied_from, shared: true }),
      ...content,
      sniffed,
      upload_id: upload.upload_id,
      created_at: iso(now),
      created_by: upload.client_id,
      // No retention ends one that was rejected, since nothing takes its place. Many must not weigh on what is kept.
      ...(state === "rejected" ? { ttl: ttl(now + REJECTED_KEEP_MS) } : { metadata: upload.metadata }),
    },
    condition: "attribute_not_exists(#pk)",
  };
}
