/** What the events of files tell, with an example of each. */
import * as z from "zod";
import { id, mismatch, orNull } from "#contract/common.ts";
import { kept } from "#contract/content.ts";
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

const current = id("ver").meta({ description: "The version that was current." });
const place = z.object({ name: fileName, folder_id: fileFolder });
const words = (description: string) => orNull(z.string(), description);

export const filesEvents = {
  file_downloaded: {
    description: "A client asked for a file's content.",
    data: z.object({ name: fileName, size, version_id: id("ver") }),
    example: { file_id, actor: client, data: { name: "q3.pdf", size: 48_213, version_id } },
  },
  file_moved: {
    description:
      "A file has another name, another folder, or both; or it has left the workspace for another, or come from one: each of the two is told of its own side.",
    data: z.object({
      from: orNull(place, "Where it was, and how it was named; `null` where it came from another workspace."),
      to: orNull(place, "Where it is, and how it is named; `null` where it went to another workspace."),
      mismatch: mismatch.optional(),
    }),
    example: {
      file_id,
      actor: client,
      data: { from: { name: "q3.pdf", folder_id }, to: { name: "q3-final.pdf", folder_id } },
    },
  },
  file_changed: {
    description:
      "What is said of a file has changed: its description, its tags, its metadata. Of content, name and folder other events tell.",
    data: z.object({
      name: fileName,
      folder_id: fileFolder,
      changes: z
        .object({
          description: z
            .object({
              from: words("What it was; `null` where there was none."),
              to: words("What it is; `null` where it was taken away."),
            })
            .optional()
            .meta({ description: "Where the description has changed." }),
          tags: z
            .object({
              from: z.array(z.string()).meta({ description: "What they were." }),
              to: z.array(z.string()).meta({ description: "What they are." }),
            })
            .optional()
            .meta({ description: "Where the tags have changed." }),
          metadata: z
            .object({
              version_id: id("ver").meta({ description: "The version that it belongs to." }),
              from: kept.meta({ description: "What it was, all of it." }),
              to: kept.meta({ description: "What it is, all of it." }),
            })
            .optional()
            .meta({ description: "Where the current version's metadata has changed." }),
        })
        .meta({ description: "What has changed, by the file's members; more may come in time." }),
    }),
    example: {
      file_id,
      actor: client,
      data: { name: "q3.pdf", folder_id, changes: { description: { from: null, to: "For the board" } } },
    },
  },
  file_deleted: {
    description: "A file was deleted.",
    data: z.object({ name: fileName, folder_id: fileFolder, size, version_id: current }),
    example: { file_id, actor: client, data: { name: "q3.pdf", folder_id, size: 48_213, version_id } },
  },
} satisfies Record<string, EventInfo>;
