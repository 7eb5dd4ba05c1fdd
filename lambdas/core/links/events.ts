/** What the events of links tell, with an example of each. */
import * as z from "zod";
import { at, orNull, orTime } from "#contract/common.ts";
import { client, type EventInfo, file_id, later, moment, system, ULID } from "#contract/event-info.ts";

const share_id = `shr_${ULID}`;
const perhapsDownloads = orNull(z.int(), "Downloads after which the link is used up; `null`: no limit.");

export const linksEvents = {
  link_created: {
    description: "A link to a file was made. Its token is never told.",
    data: z.object({
      expires_at: orTime("When it dies; `null`: never."),
      max_downloads: perhapsDownloads,
      has_password: z.boolean().meta({ description: "Whether it opens with a password only." }),
    }),
    example: {
      file_id,
      share_id,
      actor: client,
      data: { expires_at: later, max_downloads: 3, has_password: false },
    },
  },
  link_accessed: {
    description: "Somebody downloaded through a link.",
    data: z.object({ max_downloads: perhapsDownloads }),
    example: { file_id, share_id, actor: { type: "link", id: share_id }, data: { max_downloads: 3 } },
  },
  link_expired: {
    description: "A link has expired, at most two minutes ago.",
    data: z.object({
      expires_at: at("When it died"),
      downloads: z.int().meta({ description: "Downloads that counted in its life." }),
      max_downloads: perhapsDownloads,
    }),
    example: {
      file_id,
      share_id,
      actor: system,
      data: { expires_at: moment, downloads: 2, max_downloads: 3 },
    },
  },
} satisfies Record<string, EventInfo>;
