/** What the events of the trash tell, with an example of each. */
import * as z from "zod";
import { id } from "#contract/common.ts";
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
import { toldOfFolder } from "#core/folders/events.ts";

const ofFile = z.object({
  name: fileName,
  folder_id: fileFolder,
  size,
  version_id: id("ver").meta({ description: "Its current version." }),
});
const file = { file_id, actor: client, data: { name: "q3.pdf", folder_id, size: 48_213, version_id } };
const ofWorkspace = {
  of: "organization" as const,
  data: z.object({
    workspace_id: id("ws"),
    name: z.string().meta({ description: "What it is called, or was." }),
  }),
  example: { actor: client, data: { workspace_id: `ws_${ULID}`, name: "reports" } },
};
const ofOrganization = {
  data: z.object({ name: z.string().meta({ description: "What it was called." }) }),
  of: "organization" as const,
  example: { actor: client, data: { name: "Hafen & Söhne" } },
};
const parent_id = `${folder_id.slice(0, -1)}0`;
const folder = { actor: client, data: { folder_id, name: "2026", parent_id } };

export const trashEvents = {
  file_restored: {
    description: "A file came back from the trash. Its name, or its folder, may be another than before.",
    data: ofFile,
    example: file,
  },
  file_purged: {
    description: "A file was purged from the trash: it can't be restored any more, and its bytes go.",
    data: ofFile,
    example: file,
  },
  folder_restored: {
    description: "A folder came back from the trash, with all that was in it.",
    data: toldOfFolder,
    example: folder,
  },
  folder_purged: {
    description: "A folder was purged from the trash, with all that was in it: of that nothing is told.",
    data: toldOfFolder,
    example: folder,
  },
  workspace_deleted: {
    description: "A workspace was put into its organization's trash: all that was in it is gone with it.",
    ...ofWorkspace,
  },
  workspace_restored: {
    description:
      "A workspace came back from the trash, with all that was in it. Its name may be another than before.",
    ...ofWorkspace,
  },
  workspace_purged: {
    description: "A workspace was purged from the trash, with all that was in it.",
    ...ofWorkspace,
  },
  organization_closed: {
    description:
      "An organization was closed: nothing of it is there any more but for its owners to restore it.",
    ...ofOrganization,
  },
  organization_restored: {
    description: "A closed organization is open again, with all that was in it.",
    ...ofOrganization,
  },
  organization_purged: {
    description: "A closed organization was purged: it can't be restored any more, and what is in it ends.",
    ...ofOrganization,
  },
} satisfies Record<string, EventInfo>;
