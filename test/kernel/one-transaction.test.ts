/** A state and its event are one: whichever AWS call fails, before or after it took effect, both are there or neither. */
import { AwsError } from "@wharf/local-cloud";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventType } from "#contract/events.ts";
import { file, fileDetail } from "#core/files/contract.ts";
import { share } from "#core/links/contract.ts";
import { sweepLinks } from "#core/links/sweep-links.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { eventually } from "#test/support/eventually.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
});
afterAll(() => world.close());

interface Case {
  event: EventType;
  /** How many there are of it. @default 1 */
  count?: number;
  /** Gets something ready, and tells how to do the thing and whether it is done. */
  prepare(): Promise<{ fileId: string; act(): Promise<unknown>; done(): Promise<boolean> }>;
}

let files = 0;
const newFile = () => world.addFile(client, `file-${++files}.txt`);
const newLink = async (terms: unknown = {}) => {
  const fileId = await newFile();
  return read(share, client.request(`/v1/files/${fileId}/shares`, { json: terms }));
};
const stateOf = (shareId: string) => read(share, client.request(`/v1/shares/${shareId}`));

const cases: Record<string, Case> = {
  move: {
    event: "file_moved",
    async prepare() {
      const fileId = await newFile();
      const name = `moved-${fileId}`;
      return {
        fileId,
        act: () => client.request(`/v1/files/${fileId}`, { method: "PATCH", json: { name } }),
        done: async () => (await read(file, client.request(`/v1/files/${fileId}`))).name === name,
      };
    },
  },
  "to another workspace": {
    event: "file_moved",
    // One in each of the two.
    count: 2,
    async prepare() {
      const fileId = await newFile();
      const made = client.request("/v1/workspaces", { json: { name: `to-${files}` } });
      const { workspace_id } = await read(workspace, made);
      return {
        fileId,
        act: () =>
          client.request(`/v1/files/${fileId}`, { method: "PATCH", json: { workspace: workspace_id } }),
        done: async () =>
          (await read(file, client.request(`/v1/files/${fileId}`))).workspace_id === workspace_id,
      };
    },
  },
  describe: {
    event: "file_changed",
    async prepare() {
      const fileId = await newFile();
      const description = "what it is for";
      return {
        fileId,
        act: () => client.request(`/v1/files/${fileId}`, { method: "PATCH", json: { description } }),
        done: async () =>
          (await read(file, client.request(`/v1/files/${fileId}`))).description === description,
      };
    },
  },
  attach: {
    event: "file_changed",
    async prepare() {
      const fileId = await newFile();
      return {
        fileId,
        act: () =>
          client.request(`/v1/files/${fileId}`, { method: "PATCH", json: { metadata: { build: "17" } } }),
        done: async () =>
          (await read(fileDetail, client.request(`/v1/files/${fileId}`))).metadata?.["build"] === "17",
      };
    },
  },
  copy: {
    event: "file_copied",
    async prepare() {
      const [source, fileId] = [await newFile(), await newFile()];
      const about = () => read(file, client.request(`/v1/files/${fileId}`));
      const { name, version_id } = await about();
      const json = { folder: "/", name, if_exists: "version" };
      return {
        fileId,
        act: () => client.request(`/v1/files/${source}/copy`, { json }),
        done: async () => (await about()).version_id !== version_id,
      };
    },
  },
  delete: {
    event: "file_deleted",
    async prepare() {
      const fileId = await newFile();
      return {
        fileId,
        act: () => client.request(`/v1/files/${fileId}`, { method: "DELETE" }),
        done: async () => (await client.request(`/v1/files/${fileId}`)).status === 404,
      };
    },
  },
  share: {
    event: "link_created",
    async prepare() {
      const fileId = await newFile();
      const path = `/v1/files/${fileId}/shares`;
      return {
        fileId,
        act: () => client.request(path, { json: {} }),
        done: async () => (await (await client.request(path)).text()).includes("share_url"),
      };
    },
  },
  open: {
    event: "link_accessed",
    async prepare() {
      const link = await newLink({ max_downloads: 1 });
      return {
        fileId: link.file_id,
        act: () => world.request(link.share_url),
        done: async () => (await stateOf(link.share_id)).downloads === 1,
      };
    },
  },
  expire: {
    event: "link_expired",
    async prepare() {
      const link = await newLink({ expire_in: 60 });
      world.advance(60_000);
      return {
        fileId: link.file_id,
        act: () => sweepLinks(world.deps).catch(() => {}),
        done: async () =>
          (await world.dump()).some((item) => item["share_id"] === link.share_id && "ended_at" in item),
      };
    },
  },
};

describe.each(Object.entries(cases))("%s", (_, { event, count: told = 1, prepare }) => {
  test("with any one call failing, before it is sent or after it took effect", async () => {
    const count = async (fileId: string) =>
      (await world.events(event)).filter((one) => one.file_id === fileId).length;
    let faults = 0;
    for (const kind of ["before", "after"] as const) {
      for (let failing = 0; ; failing++) {
        const { fileId, act, done } = await prepare();
        let calls = 0;
        let hit = false;
        world.setFault(() => {
          if (calls++ !== failing) return undefined;
          hit = true;
          return kind;
        });
        await act();
        world.setFault();
        // A call beside the one that failed may still be on its way.
        await eventually(async () => expect(await count(fileId)).toBe((await done()) ? told : 0));
        if (!hit) {
          expect(await done()).toBe(true);
          break;
        }
        faults += 1;
        expect(failing).toBeLessThan(40);
      }
    }
    expect(faults).toBeGreaterThanOrEqual(2);
  });
});

test("a write that meets a transaction on its item is sent again", {
  tags: ["dynamodb.transaction-conflict"],
}, async () => {
  const link = await newLink();
  let conflicts = 0;
  world.setFault(({ action }) =>
    action === "UpdateItem" && conflicts++ < 2
      ? { error: new AwsError("TransactionConflictException", "Transaction is ongoing for the item", 400) }
      : undefined,
  );
  const revoked = await client.request(`/v1/shares/${link.share_id}`, { method: "DELETE" });
  world.setFault();
  expect(revoked.status).toBe(204);
  expect(conflicts).toBe(3);
  expect((await stateOf(link.share_id)).state).toBe("revoked");
});
