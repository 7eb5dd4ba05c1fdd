/** The same requests under a grant on the workspace, and under one on a folder nine levels above: what the decision adds. */
import * as z from "zod";
import { page } from "#contract/common.ts";
import type { Scope } from "#contract/scopes.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { file, folder } from "#core/files/contract.ts";
import { createApiClient } from "#test/support/api-client.ts";
import type { Story } from "#test/support/story.ts";
import type { Cost } from "./count.ts";
import { countRoutes } from "./routes.ts";

/** Folders between the root and the files. */
export const DEPTH = 10;
const SCOPES: readonly Scope[] = ["files:read", "files:write", "files:delete", "locks:write", "shares:write"];

/** What a request costs, by what its caller was granted. */
export interface ByGrant {
  workspace: Cost;
  folder: Cost;
}

/** Counts every kind of request for both callers. The story's client must be able to grant. */
export async function countByGrant(story: Story): Promise<Map<string, ByGrant>> {
  const under = `${Array.from({ length: DEPTH }, (_, level) => `d${level}`).join("/")}/`;
  await story.upload(new TextEncoder().encode("x"), { filename: `${under}x.txt` });
  const { workspaceId } = story;
  const root = await story.json(page.of(z.union([file, folder])), `/v1/workspaces/${workspaceId}/files`);
  const top = root.items.find((item) => item.kind === "folder" && item.name === "d0");
  if (top?.kind !== "folder") throw new Error("the folder is gone");

  async function granted(name: string, on: string) {
    const deps = { table: story.table, now: story.cloud.clock.now };
    const made = await createClient(deps, { name, scopes: SCOPES, role: "guest" });
    const kind = on.startsWith("ws_") ? "workspaces" : "folders";
    const json = { principal_id: made.client_id, role: "manager" };
    await story.json(z.unknown(), `/v1/${kind}/${on}/grants`, { json });
    const credentials = { clientId: made.client_id, clientSecret: made.client_secret };
    const { apiUrl: origin, clock } = story.cloud;
    return { ...credentials, ...createApiClient({ origin, now: clock.now, ...credentials }) };
  }

  const whole = await countRoutes(story, {
    by: await granted("whole", workspaceId),
    ...{ under: `w/${under}`, workspaceId },
  });
  const part = await countRoutes(story, {
    by: await granted("part", top.folder_id),
    ...{ under, workspaceId },
  });
  return new Map(
    whole.flatMap((workspace) => {
      const folder = part.find(({ name }) => name === workspace.name);
      return folder === undefined ? [] : [[workspace.name, { workspace, folder }] as const];
    }),
  );
}
