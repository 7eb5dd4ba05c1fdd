/** What the events of versions tell, with an example of each. */
import * as z from "zod";
import { id, mismatch } from "#contract/common.ts";
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

export const versionsEvents = {
  version_restored: {
    description: "An older version of a file is current again.",
    data: z.object({
      name: fileName,
      folder_id: fileFolder,
      size,
      version_id: id("ver").meta({ description: "The new version, with the bytes of the older one." }),
      restored_from: id("ver").meta({ description: "The older version, which stays in the history." }),
      previous_version_id: id("ver").meta({ description: "The version that was current until then." }),
      mismatch: mismatch.optional(),
    }),
    example: {
      file_id,
      actor: client,
      data: {
        name: "q3.pdf",
        folder_id,
        size: 48_213,
        version_id,
        restored_from: "ver_01JYYYYYYYYYYYYYYYYYYYYYYY",
        previous_version_id: "ver_01JXXXXXXXXXXXXXXXXXXXXXXX",
      },
    },
  },
} satisfies Record<string, EventInfo>;
