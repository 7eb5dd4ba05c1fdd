/** What of the old owner's goes on after a workspace was handed over, and what doesn't. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { finishUpload } from "#core/finalize/finish-upload.ts";
import { isLeftBehind } from "#core/links/link-gone.ts";
import { uploader } from "#test/support/uploads.ts";
import { read, refusal } from "#test/support/world.ts";
import { type Asking, claim, for_, made, type Story, startTransfers, statusOf } from "./story.ts";

let story: Story;
let world: Story["world"];
let agent: Story["agent"];
beforeAll(async () => {
  story = await startTransfers();
  ({ world, agent } = story);
});
afterAll(() => story?.world.close());

const share = z.looseObject({ share_id: z.string(), share_url: z.string(), state: z.string() });
const newShare = (file: string, by: Asking) =>
  read(share, by.request(`/v1/files/${file}/shares`, { json: { expire_in: 86_400 } }));
const statesOf = async (file: string, by: Asking) => {
  const { items } = await read(page.of(share), by.request(`/v1/files/${file}/shares`));
  return items.map(({ state }) => state).reverse();
};
const opened = (url: string) => statusOf(world.request(url));

test("links go on, or end with the claim where they aren't to be kept, wherever their file goes then", async () => {
  const { workspace_id, file, deep, share_url } = await story.report();
  const zoe = await story.customer();
  const { share_url: limited } = await read(
    share,
    agent.request(`/v1/files/${file}/shares`, { json: { expire_in: 86_400, max_downloads: 5 } }),
  );
  const away = await newShare(file, agent);
  expect([await opened(share_url), await opened(limited), await opened(away.share_url)]).toEqual([
    302, 302, 302,
  ]);
  const offered = await read(made, story.offer(workspace_id, { keep: { shares: false } }));
  expect(offered.preview.links).toBe(3);
  expect(await statusOf(claim(offered.claim_token, zoe, for_(zoe)))).toBe(200);

  for (const url of [share_url, limited, away.share_url])
    expect(await refusal(world.request(url, { headers: { accept: "application/json" } }))).toEqual([
      410,
      "link_gone",
    ]);
  expect(await statesOf(file, zoe)).toEqual(["revoked", "revoked"]);
  expect(await statesOf(deep, zoe)).toEqual(["revoked"]);
  const mine = await newShare(file, zoe);
  expect([mine.state, await opened(mine.share_url)]).toEqual(["active", 302]);

  // To another workspace of hers, where no link was ever ended.
  const target = await read(
    z.looseObject({ workspace_id: z.string() }),
    zoe.request("/v1/workspaces", { json: { name: "archive", organization: zoe.organization } }),
  );
  const moved = zoe.request(`/v1/files/${file}`, {
    method: "PATCH",
    json: { workspace: target.workspace_id },
  });
  expect(await statusOf(moved)).toBe(200);
  expect([await opened(limited), await opened(away.share_url), await opened(mine.share_url)]).toEqual([
    410, 410, 302,
  ]);
  expect(await statesOf(file, zoe)).toEqual(["revoked", "revoked", "active"]);
  expect((await read(share, zoe.request(`/v1/shares/${away.share_id}`))).state).toBe("revoked");
  const [link] = await world.deps.table.batchGet([keys.node(file)]);
  expect(link).toHaveProperty("links_since_ms");
  const told = (await world.events()).filter(({ type }) => type === "link_accessed");
  expect(told.filter(({ share_id }) => share_id === away.share_id)).toHaveLength(1);

  // And what comes from there is none of those that were ended.
  const other = await world.addFile({ ...agent, ...target }, "other.txt");
  const kept = await newShare(other, zoe);
  expect(
    await statusOf(zoe.request(`/v1/files/${other}`, { method: "PATCH", json: { workspace: workspace_id } })),
  ).toBe(200);
  expect(await opened(kept.share_url)).toBe(302);
  expect(await statesOf(other, zoe)).toEqual(["active"]);
});

test.each([
  ["a link of before, in a workspace that keeps them", { at: 1 }, {}, {}, false],
  ["one of before, in one that doesn't", { at: 1 }, {}, { ms: 2, epoch: 1 }, true],
  ["one of after", { at: 3, epoch: 1 }, {}, { ms: 2, epoch: 1 }, false],
  ["one of after, by whom it was judged before", { at: 3 }, {}, { ms: 2, epoch: 1 }, true],
  ["one of a file that came since", { at: 1 }, { came_ms: 2 }, { ms: 2, epoch: 1 }, false],
  ["one of a file that came before that", { at: 0 }, { came_ms: 1 }, { ms: 2, epoch: 1 }, true],
  ["one that was ended where its file came from", { at: 1 }, { came_ms: 4, links_since_ms: 2 }, {}, true],
  ["one that was made there since", { at: 3 }, { came_ms: 4, links_since_ms: 2 }, {}, false],
] as const)("%s", (_what, { at, ...link }: { at: number; epoch?: number }, file, from, expected) => {
  const links_from = "ms" in from ? from : undefined;
  const created_at = new Date(at).toISOString();
  expect(isLeftBehind({ created_at, ...link }, file, { links_from })).toBe(expected);
});

test("what was begun before ends: an upload lands in another's workspace no more", async () => {
  const zoe = await story.customer();
  const by = uploader(agent);
  for (const residual_role of ["none", "editor"] as const) {
    const { workspace_id } = await story.report();
    const session = await by.upload(`late-${residual_role}.txt`, "hello", { workspace: workspace_id });
    world.setFault(({ action }) => (action === "CompleteMultipartUpload" ? "before" : undefined));
    expect((await by.finalize(session.upload_id)).status).toBe(503);
    world.setFault();
    await story.handOver(workspace_id, zoe, { residual_role });
    expect(await finishUpload(world.deps, session.upload_id)).toBe("refused");
    const again = await by.finalize(session.upload_id);
    expect([residual_role, again.status]).toEqual([residual_role, residual_role === "none" ? 404 : 200]);
  }
});
test("a lock goes with its file to a workspace that was handed over oftener, or seldomer", async () => {
  const { workspace_id, file, deep } = await story.report();
  const zoe = await story.customer();
  const lock = z.looseObject({ lock_token: z.string() });
  await read(lock, agent.request(`/v1/files/${deep}/lock`, { json: { ttl_seconds: 3_600 } }));
  await story.handOver(workspace_id, zoe);
  const { workspace_id: fresh } = await read(
    z.looseObject({ workspace_id: z.string() }),
    zoe.request("/v1/workspaces", { json: { name: "fresh", organization: zoe.organization } }),
  );
  const { lock_token } = await read(
    lock,
    zoe.request(`/v1/files/${file}/lock`, { json: { ttl_seconds: 3_600 } }),
  );
  const held = (id: string) =>
    read(z.looseObject({ locked: z.boolean() }), zoe.request(`/v1/files/${id}/lock`)).then(
      ({ locked }) => locked,
    );
  for (const workspace of [fresh, workspace_id, fresh]) {
    const json = { workspace };
    expect(await refusal(zoe.request(`/v1/files/${file}`, { method: "PATCH", json }))).toEqual([
      423,
      "file_locked",
    ]);
    const headers = { "Lock-Token": lock_token };
    expect(await statusOf(zoe.request(`/v1/files/${file}`, { method: "PATCH", json, headers }))).toBe(200);
    expect(await held(file)).toBe(true);
  }
  // One from before is none there either.
  expect(
    await statusOf(zoe.request(`/v1/files/${deep}`, { method: "PATCH", json: { workspace: fresh } })),
  ).toBe(200);
  expect(await held(deep)).toBe(false);
  expect(
    await statusOf(zoe.request(`/v1/files/${deep}`, { method: "PATCH", json: { tags: ["mine"] } })),
  ).toBe(200);
});

test("who keeps a manager's role has endpoints on it where that is said, else none", async () => {
  const zoe = await story.customer();
  const access = z.looseObject({ actions: z.array(z.string()) });
  for (const webhooks of [false, true]) {
    const { workspace_id } = await story.report();
    await story.handOver(workspace_id, zoe, { residual_role: "manager", keep: { webhooks } });
    const { actions } = await read(access, agent.request(`/v1/workspaces/${workspace_id}/access`));
    expect([webhooks, actions.includes("hooks"), actions.includes("grant")]).toEqual([
      webhooks,
      webhooks,
      true,
    ]);
  }
  const { workspace_id } = await story.report();
  const offered = story.offer(workspace_id, { residual_role: "viewer", keep: { webhooks: true } });
  expect(await refusal(offered)).toEqual([400, "invalid_request"]);
});

test("whoever keeps nothing calls it by its name no more, and none by default", async () => {
  const zoe = await story.customer();
  await world.deps.table.update({
    key: keys.client(agent.client_id),
    update: { set: { default_workspace: agent.workspace_id } },
    condition: "attribute_exists(#pk)",
  });
  const mine = z.looseObject({ workspace_id: z.string(), name: z.string() });
  const { workspace_id, name } = await read(mine, agent.request(`/v1/workspaces/${agent.workspace_id}`));
  await story.handOver(workspace_id, zoe);
  const started = z.looseObject({ workspace_id: z.string() });
  const upload = (json: object) =>
    read(started, agent.request("/v1/uploads", { json: { size: 5, ...json } }));
  const named = await upload({ filename: "a.txt", workspace: name });
  expect(named.workspace_id).not.toBe(workspace_id);
  const byDefault = agent.request("/v1/uploads", { json: { size: 5, filename: "b.txt" } });
  expect(await refusal(byDefault)).toEqual([400, "invalid_request"]);
  const grants = z.object({ items: z.array(z.looseObject({ workspace_id: z.string() })) });
  const { items } = await read(grants, agent.request("/v1/me/grants?limit=100"));
  expect(items.map((one) => one.workspace_id)).not.toContain(workspace_id);
});

test("of several offers of one workspace the others are over once one is claimed, and say so", async () => {
  const { workspace_id } = await story.report();
  const zoe = await story.customer();
  const { transfer_id } = await read(made, story.offer(workspace_id));
  const state = z.looseObject({ state: z.string() });
  expect((await read(state, agent.request(`/v1/transfers/${transfer_id}`))).state).toBe("pending");
  await story.handOver(workspace_id, zoe);
  expect((await read(state, agent.request(`/v1/transfers/${transfer_id}`))).state).toBe("withdrawn");
  const { items } = await read(
    page.of(z.looseObject({ transfer_id: z.string(), state: z.string() })),
    agent.request("/v1/transfers?limit=100"),
  );
  expect(items.find((one) => one.transfer_id === transfer_id)?.state).toBe("withdrawn");
});
