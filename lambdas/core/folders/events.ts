/** What the events of folders tell, with an example of each. */
import * as z from "zod";
import { id } from "#contract/common.ts";
import { client, type EventInfo, folder_id } from "#contract/event-info.ts";

/** Which folder, and where. */
export const toldOfFolder = z.object({
  folder_id: id("fld").meta({ description: "The folder." }),
  name: z.string().meta({ description: "Its own name, without the folders above." }),
  parent_id: id("fld").meta({ description: "The folder that it is in, or was." }),
});

const place = z.object({
  name: z.string().meta({ description: "Its own name, without the folders above." }),
  parent_id: id("fld").meta({ description: "The folder above it." }),
});

export const foldersEvents = {
  folder_created: {
    description:
      "A folder was made by a call of its own. Those that an upload's path makes are told of by its file's events alone.",
    data: toldOfFolder,
    example: { actor: client, data: { folder_id, name: "2026", parent_id: `${folder_id.slice(0, -1)}0` } },
  },
  folder_moved: {
    description:
      "A folder was renamed or moved, with all that is in it. Of what is in it nothing is told: its ids stay, and its paths follow.",
    data: z.object({
      folder_id: id("fld").meta({ description: "The folder." }),
      from: place.nullable().meta({
        description: "Its name and the folder that it was in; `null` where that is another workspace's.",
      }),
      to: place.nullable().meta({
        description: "Its name and the folder that it is in; `null` where that is another workspace's.",
      }),
    }),
    example: {
      actor: client,
      data: {
        folder_id,
        from: { name: "2026", parent_id: `${folder_id.slice(0, -1)}0` },
        to: { name: "2026-final", parent_id: `${folder_id.slice(0, -1)}1` },
      },
    },
  },
  folder_deleted: {
    description:
      "A folder went into the trash, with all that is in it: that is as good as deleted until it is restored, and nothing is told of it.",
    data: toldOfFolder,
    example: { actor: client, data: { folder_id, name: "2026", parent_id: `${folder_id.slice(0, -1)}0` } },
  },
} satisfies Record<string, EventInfo>;
