/** What the event of copies tells, with an example. */
import * as z from "zod";
import { id, mismatch } from "#contract/common.ts";
import { checksums, declaredType } from "#contract/content.ts";
import {
  client,
  type EventInfo,
  file_id,
  fileFolder,
  fileName,
  folder_id,
  size,
  version_id,
} from "#contract/event-info.ts";

export const copiesEvents = {
  file_copied: {
    description: "A file, or a new version of one, is there as a copy of another, and can be downloaded.",
    data: z.object({
      name: fileName,
      folder_id: fileFolder,
      size,
      content_type: declaredType,
      ...checksums,
      version_id: id("ver").meta({ description: "The version with the other's bytes." }),
      copied_from: z
        .object({ file_id: id("file"), version_id: id("ver") })
        .meta({ description: "What was copied; it may be in another workspace, where it is read." }),
      previous_version_id: id("ver")
        .optional()
        .meta({ description: "The version that was current until then; not there where the file is new." }),
      mismatch: mismatch.optional(),
    }),
    example: {
      file_id,
      actor: client,
      data: {
        ...{ name: "q3.pdf", folder_id, size: 48_213, content_type: "application/pdf", crc32: "3610a686" },
        version_id,
        copied_from: {
          file_id: "file_01JYYYYYYYYYYYYYYYYYYYYYYY",
          version_id: "ver_01JYYYYYYYYYYYYYYYYYYYYYYY",
        },
      },
    },
  },
} satisfies Record<string, EventInfo>;
