/** Files and folders that are handed over: out of one organization's workspace into another's. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { page } from "#contract/common.ts";
import { rootFolder } from "#core/access/place.ts";
import { sweepMoves } from "#core/folders/sweep-moves.ts";
import { claimed, transfer } from "#core/transfers/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { uploader } from "#test/support/uploads.ts";
import { read, refusal } from "#test/support/world.ts";
import { claim, made, type Story, startTransfers, statusOf } from "./story.ts";

let story: Story;
let world: Story["world"];
let agent: Story["agent"];
beforeAll(async () => {
  story = await startTransfers();
  ({ world, agent } = story);
});
afterAll(() => story?.world.close());

const offer = (id: string, given: object = {}, by: Pick<Story["agent"], "request"> = agent) =>
  by.request("/v1/transfers", { json: { resource: { type: "file", id }, ...given } });

async function inbox() {
  const zoe = await story.customer();
  const asked = zoe.request("/v1/workspaces", { json: { name: "inbox", organization: zoe.organization } });
  const { workspace_id } = await read(workspace, asked);
  return { ...zoe, inbox: workspace_id };
}

test("a file goes into a folder of the claimer's, with its versions and links, and its old owner has nothing of it", async () => {
  const { workspace_id, deep, share_url, sees } = await story.report();
  const zoe = await inbox();
  const by = uploader(agent);
  const session = await by.upload("data/2026/all.txt", "second", { workspace: workspace_id });
  expect(await by.finish(session.upload_id)).toMatchObject({ file_id: deep });
  const offered = await read(made, offer(deep, { message: "Yours." }));
  expect(offered.preview).toMatchObject({ name: "all.txt", folders: 0, files: 1, links: 2 });
  expect(offered.preview).not.toHaveProperty("endpoints");
  const into = { workspace: "inbox", folder: "from/agent" };
  const { file, resource } = await read(claimed, claim(offered.claim_token, zoe, into));
  expect(resource).toEqual({ type: "file", id: deep });
  expect(file).toMatchObject({ file_id: deep, name: "all.txt", workspace_id: zoe.inbox });
  expect(await statusOf(zoe.request(`/v1/files/${deep}`))).toBe(200);
  const versions = z.object({ items: z.array(z.unknown()) });
  expect((await read(versions, zoe.request(`/v1/files/${deep}/versions`))).items).toHaveLength(2);
  expect(await sees(agent)).toEqual([200, 404, 200]);
  expect(await statusOf(world.request(share_url))).toBe(302);
  expect(await refusal(claim(offered.claim_token, zoe, into))).toEqual([410, "transfer_gone"]);
  const told = (await world.events()).filter(({ type }) => type === "transfer_claimed");
  expect(told.map(({ organization_id }) => organization_id).includes(zoe.organization)).toBe(true);
  const moved = (await world.events()).filter(
    ({ type, file_id }) => type === "file_moved" && file_id === deep,
  );
  expect(moved.map((one) => one.workspace_id).sort()).toEqual([workspace_id, zoe.inbox].sort());
});

test("its old owner keeps what the transfer says, on the file alone, and its links end where they aren't to be kept", async () => {
  const { file, deep } = await story.report();
  const zoe = await inbox();
  const shared = agent.request(`/v1/files/${file}/shares`, { json: { expire_in: 86_400 } });
  const { share_url, share_id } = await read(
    z.looseObject({ share_url: z.string(), share_id: z.string() }),
    shared,
  );
  expect(await statusOf(world.request(share_url))).toBe(302);
  const { claim_token } = await read(made, offer(file, { residual_role: "viewer", keep: { shares: false } }));
  await read(claimed, claim(claim_token, zoe, { workspace: zoe.inbox }));
  expect(await statusOf(agent.request(`/v1/files/${file}`))).toBe(200);
  expect(await statusOf(agent.request(`/v1/files/${file}`, { method: "DELETE" }))).toBe(403);
  expect(await statusOf(agent.request(`/v1/workspaces/${zoe.inbox}/files`))).toBe(404);
  expect(await statusOf(agent.request(`/v1/files/${deep}`))).toBe(200);
  expect(await statusOf(world.request(share_url))).toBe(410);
  const told = (await world.events()).filter(
    (one) => one.type === "link_accessed" && one.share_id === share_id,
  );
  expect(told).toHaveLength(1);
});

test("links that aren't to be kept end where the file stays in its workspace, too", async () => {
  const { workspace_id, file } = await story.report();
  const other = await story.newAgent();
  const json = { principal_id: other.client_id, role: "editor" };
  expect(await statusOf(agent.request(`/v1/workspaces/${workspace_id}/grants`, { json }))).toBe(201);
  const shared = agent.request(`/v1/files/${file}/shares`, { json: { expire_in: 86_400 } });
  const { share_url } = await read(z.looseObject({ share_url: z.string() }), shared);
  const { claim_token } = await read(made, offer(file, { keep: { shares: false } }));
  const into = { workspace: workspace_id, folder: "elsewhere" };
  expect(await statusOf(claim(claim_token, other, into))).toBe(200);
  expect(await statusOf(world.request(share_url))).toBe(410);
});

test("of fifty who claim at once one gets it, and it is in one place", async () => {
  const { deep } = await story.report();
  const zoe = await inbox();
  const { claim_token } = await read(made, offer(deep));
  const all = await Promise.all(
    Array.from({ length: 50 }, (_, nth) =>
      statusOf(claim(claim_token, zoe, { workspace: zoe.inbox, folder: `to/${nth % 3}` })),
    ),
  );
  expect(all.filter((status) => status === 200)).toHaveLength(1);
  expect(all.every((status) => [200, 409, 410].includes(status))).toBe(true);
});

test("what stands in the way says so, and nothing of it happens", async () => {
  const { workspace_id, deep } = await story.report();
  const [zoe, max] = [await inbox(), await inbox()];
  const { claim_token } = await read(made, offer(deep));
  expect(await refusal(claim(claim_token, zoe))).toEqual([400, "invalid_request"]);
  expect(await refusal(claim(claim_token, zoe, { organization: zoe.organization }))).toEqual([
    400,
    "invalid_request",
  ]);
  // A workspace that isn't hers.
  expect(await refusal(claim(claim_token, zoe, { workspace: max.inbox }))).toEqual([404, "not_found"]);
  await world.addFile({ ...agent, workspace_id: zoe.inbox }, "all.txt");
  expect(await refusal(claim(claim_token, zoe, { workspace: "inbox" }))).toEqual([409, "name_taken"]);
  const lock = agent.request(`/v1/files/${deep}/lock`, { json: { ttl_seconds: 3_600 } });
  const { lock_token } = await read(z.looseObject({ lock_token: z.string() }), lock);
  const into = { workspace: "inbox", folder: "in" };
  expect(await refusal(claim(claim_token, zoe, into))).toEqual([423, "file_locked"]);
  await agent.request(`/v1/files/${deep}/lock`, { method: "DELETE", headers: { "Lock-Token": lock_token } });
  expect(await statusOf(agent.request(`/v1/files/${deep}`))).toBe(200);
  expect(await statusOf(claim(claim_token, zoe, into))).toBe(200);

  // Nobody offers what isn't theirs, and what went elsewhere is offered there no more.
  const other = await story.report();
  expect(await refusal(offer(other.file, {}, zoe))).toEqual([404, "not_found"]);
  const late = await read(made, offer(other.file));
  const moved = { method: "PATCH", json: { workspace: workspace_id } } as const;
  expect(
    await statusOf(
      agent.request(`/v1/files/${other.file}`, {
        ...moved,
        json: { workspace: workspace_id, name: "other.txt" },
      }),
    ),
  ).toBe(200);
  expect(await statusOf(claim(late.claim_token, zoe, { workspace: "inbox" }))).toBe(410);
  const own = await read(
    z.looseObject({ state: z.string() }),
    agent.request(`/v1/transfers/${late.transfer_id}`),
  );
  expect(own.state).toBe("withdrawn");
  const all = await read(page.of(transfer), agent.request("/v1/transfers?limit=100"));
  expect(all.items.find(({ transfer_id }) => transfer_id === late.transfer_id)?.state).toBe("withdrawn");
  const gone = await read(made, offer(other.deep));
  await agent.request(`/v1/files/${other.deep}`, { method: "DELETE" });
  expect(await refusal(claim(gone.claim_token, zoe, into))).toEqual([410, "transfer_gone"]);
});

test("a folder goes as a job into the claimer's workspace, and its old owner keeps what was said", async () => {
  const { workspace_id, deep, file, share_url } = await story.report();
  const zoe = await inbox();
  const { folder_id } = await read(
    z.looseObject({ folder_id: z.string() }),
    agent.request(`/v1/workspaces/${workspace_id}/resolve?path=data`),
  );
  const offered = await read(
    made,
    agent.request("/v1/transfers", {
      json: {
        resource: { type: "folder", id: folder_id },
        ...{ residual_role: "viewer", keep: { shares: false } },
      },
    }),
  );
  expect(offered.preview).toMatchObject({ name: "data", folders: 1, files: 1, links: 1, complete: true });
  const second = await read(
    made,
    agent.request("/v1/transfers", { json: { resource: { type: "folder", id: folder_id } } }),
  );
  expect(await refusal(claim(offered.claim_token, zoe, { workspace: workspace_id }))).toEqual([
    404,
    "not_found",
  ]);
  expect(await statusOf(world.request(share_url))).toBe(302);
  const { folder } = await read(
    claimed,
    claim(offered.claim_token, zoe, { workspace: "inbox", folder: "from" }),
  );
  expect(folder).toMatchObject({ folder_id, workspace_id: zoe.inbox, name: "data", state: "moving" });
  expect(await statusOf(zoe.request(`/v1/files/${deep}`))).toBe(404);
  expect(await statusOf(agent.request(`/v1/files/${deep}`))).toBe(404);
  expect(await refusal(claim(second.claim_token, zoe, { workspace: "inbox" }))).toEqual([
    410,
    "transfer_gone",
  ]);
  world.advance(120_000);
  expect(await sweepMoves(world.deps)).toBe(1);
  expect(await statusOf(zoe.request(`/v1/files/${deep}`))).toBe(200);
  const seen = z.looseObject({ path: z.string() });
  expect((await read(seen, zoe.request(`/v1/files/${deep}`))).path).toBe("from/data/2026/all.txt");
  expect([
    await statusOf(agent.request(`/v1/files/${deep}`)),
    await statusOf(agent.request(`/v1/files/${deep}`, { method: "DELETE" })),
    await statusOf(agent.request(`/v1/files/${file}`)),
    await statusOf(world.request(share_url)),
  ]).toEqual([200, 403, 200, 410]);
});

test("a workspace's root is handed over with the workspace alone", async () => {
  const { workspace_id } = await story.report();
  const json = { resource: { type: "folder", id: rootFolder(workspace_id) } };
  expect(await refusal(agent.request("/v1/transfers", { json }))).toEqual([400, "invalid_request"]);
});
