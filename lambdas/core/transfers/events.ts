/** What the events of transfers tell, with an example of each. */
import * as z from "zod";
import { at, id, idOf } from "#contract/common.ts";
import { client, type EventInfo, later, ULID } from "#contract/event-info.ts";

const told = {
  transfer_id: id("trf"),
  resource: z
    .object({
      type: z
        .enum(["workspace", "folder", "file", "share", "organization"])
        .meta({ description: "What it is." }),
      id: idOf("ws", "fld", "file", "shr", "org").meta({ description: "Its id." }),
    })
    .meta({ description: "What is handed over." }),
  workspace_id: id("ws").optional().meta({
    description: "That itself, or the workspace that it stands in; not there for a link or an organization.",
  }),
  name: z.string().meta({ description: "What that is called; of a link its id." }),
};
const example = {
  transfer_id: `trf_${ULID}`,
  ...{ resource: { type: "workspace", id: `ws_${ULID}` }, workspace_id: `ws_${ULID}`, name: "report" },
};
const of = "organization" as const;

export const transfersEvents = {
  transfer_created: {
    description:
      "The organization, a workspace of it, or a folder, a file or a link in one, was offered to another.",
    data: z.object({ ...told, expires_at: at("When it can be claimed no more") }),
    ...{ of, example: { actor: client, data: { ...example, expires_at: later } } },
  },
  transfer_claimed: {
    description:
      "An organization, a workspace, a folder or a file has another owner, or a link who manages it: told to the organization that it left, and to the one that has it.",
    data: z.object({
      ...told,
      from: id("org").meta({ description: "Whose it was; an organization itself." }),
      to: id("org").meta({ description: "Whose it is; an organization itself." }),
    }),
    of,
    example: { actor: client, data: { ...example, from: `org_${ULID}`, to: `org_${ULID.slice(0, -1)}0` } },
  },
  transfer_revoked: {
    description: "A transfer was withdrawn, by somebody or with the key or client that had made it.",
    data: z.object(told),
    ...{ of, example: { actor: client, data: example } },
  },
} satisfies Record<string, EventInfo>;
