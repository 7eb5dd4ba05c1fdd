/** What the events of locks tell, with an example of each. */
import * as z from "zod";
import { at, id, idOf } from "#contract/common.ts";
import {
  client,
  type EventInfo,
  file_id,
  fileFolder,
  fileName,
  folder_id,
  later,
  moment,
  ULID,
} from "#contract/event-info.ts";

const lease = z.object({
  name: fileName,
  folder_id: fileFolder,
  lock_id: id("lock"),
  holder: z
    .object({
      client_id: idOf("cli", "usr").meta({
        description: "The client or person that has it: `cli_…` or `usr_…`.",
      }),
      name: z.string().meta({ description: "`client` of the acquisition, else the API client's name." }),
    })
    .meta({ description: "Who has or had it." }),
  reason: z.string().optional().meta({ description: "Why, as its holder said." }),
  acquired_at: at("When the holding began"),
  expires_at: at("When the lease ends or was to end"),
  fencing_token: z.int().meta({ description: "The holding's number; grows with every grant and break." }),
});
const leased = {
  name: "q3.pdf",
  folder_id,
  lock_id: `lock_${ULID}`,
  holder: { client_id: `cli_${ULID}`, name: "ci" },
  acquired_at: moment,
  expires_at: later,
  fencing_token: 7,
};

export const locksEvents = {
  lock_acquired: {
    description: "Somebody holds a file's lock.",
    data: lease,
    example: { file_id, actor: client, data: leased },
  },
  lock_released: {
    description: "A file's lock was given back.",
    data: lease,
    example: { file_id, actor: client, data: leased },
  },
  lock_expired: {
    description: "A file's lease ran out.",
    data: lease,
    example: { file_id, actor: { type: "system", id: "lease" }, data: leased },
  },
  lock_broken: {
    description: "Somebody with the right to do so broke another's lock.",
    data: lease.extend({
      break_reason: z.string().nullish().meta({ description: "Why, as whoever broke it said." }),
    }),
    example: { file_id, actor: client, data: { ...leased, break_reason: "the job is gone" } },
  },
} satisfies Record<string, EventInfo>;
