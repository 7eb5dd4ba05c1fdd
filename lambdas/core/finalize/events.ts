/** What the events of finalize tell, with an example of each. */
import * as z from "zod";
import { id, mismatch, orNull, orTime } from "#contract/common.ts";
import { declaredType, nullableChecksums } from "#contract/content.ts";
import {
  client,
  type EventInfo,
  file_id,
  fileFolder,
  fileName,
  folder_id,
  size,
  ULID,
  version_id,
} from "#contract/event-info.ts";

export const finalizeEvents = {
  upload_completed: {
    description: "A file, or a new version of one, is there and can be downloaded.",
    data: z.object({
      upload_id: id("upl"),
      file_id: id("file"),
      version_id: id("ver"),
      folder_id: fileFolder,
      name: fileName,
      size,
      content_type: declaredType,
      ...nullableChecksums,
      mismatch: mismatch.optional(),
      share_id: orNull(id("shr"), "The link made with it; `null` where none was."),
      expires_at: orTime("When that link expires; `null` where there is none."),
    }),
    example: {
      file_id,
      actor: client,
      data: {
        upload_id: `upl_${ULID}`,
        file_id,
        version_id,
        folder_id,
        name: "q3.pdf",
        size: 48_213,
        content_type: "application/pdf",
        crc32: "3610a686",
        share_id: null,
        expires_at: null,
      },
    },
  },
  upload_rejected: {
    description: "An upload's content is not what its name, type or checksum says; its bytes are gone.",
    data: z.object({
      upload_id: id("upl"),
      version_id: id("ver"),
      folder_id: fileFolder.meta({
        description:
          "Where the file is; of a new one the folder that it was to be in, or the nearest above that there is.",
      }),
      name: fileName,
      size,
      reason: z
        .enum(["type_mismatch", "checksum_mismatch"])
        .meta({ description: "What differs: the kind of content, or its checksum." }),
      claimed: z.string().optional().meta({ description: "The type that name or declaration claim." }),
      algorithm: z.string().optional().meta({ description: "Of the checksum that differs." }),
      expected: z.string().optional().meta({ description: "The checksum that was declared." }),
      actual: z.string().optional().meta({ description: "What the content is, or its checksum." }),
    }),
    example: {
      file_id,
      actor: client,
      data: {
        upload_id: `upl_${ULID}`,
        version_id,
        folder_id,
        name: "q3.pdf",
        size: 512,
        reason: "type_mismatch",
        claimed: "application/pdf",
        actual: "script",
      },
    },
  },
} satisfies Record<string, EventInfo>;
