/** Links that are handed over: who may manage one changes, and nothing else of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { page } from "#contract/common.ts";
import type { Role } from "#contract/roles.ts";
import type { Scope } from "#contract/scopes.ts";
import { share } from "#core/links/contract.ts";
import { claimable, claimed, transfer } from "#core/transfers/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";
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

const offer = (id: string, given: object = {}, by: Asking = agent) =>
  by.request("/v1/transfers", { json: { resource: { type: "share", id }, ...given } });
const newShare = (file: string, by: Asking = agent, terms: object = { expire_in: 86_400 }) =>
  read(share, by.request(`/v1/files/${file}/shares`, { json: terms }));
const at = ({ share_id }: { share_id: string }) => `/v1/shares/${share_id}`;
const opened = ({ share_url }: { share_url: string }, headers = {}) =>
  statusOf(world.request(share_url, { headers }));
/** Whether somebody sees a link and could revoke it. */
const manages = (link: { share_id: string }, by: Asking) => statusOf(by.request(at(link)));

/** A file of the agent's below a folder, and a link to it. */
async function linked(terms?: object) {
  const { workspace_id, deep, file } = await story.report();
  return { workspace_id, file: deep, other: file, link: await newShare(deep, agent, terms) };
}

/** Somebody of the agent's organization with a role in a workspace; a sharer may look and share, and no more. */
async function withRole(workspace_id: string, role: Role | "sharer", scopes: Scope[] = WRITERS) {
  const one = await world.client(...scopes);
  const json = { principal_id: one.client_id, ...(role === "sharer" ? SHARER : { role }) };
  const granted = z.looseObject({ grant_id: z.string() });
  const { grant_id } = await read(granted, agent.request(`/v1/workspaces/${workspace_id}/grants`, { json }));
  const ended = () => statusOf(agent.request(`/v1/grants/${grant_id}`, { method: "DELETE" }));
  return { ...one, workspace_id, ended };
}
const SHARER = { actions: ["list", "read", "share"] };
const WRITERS: Scope[] = ["files:read", "files:write", "shares:write", "workspaces:write"];

async function hand(link: { share_id: string }, to: Asking, by: Asking = agent) {
  const { claim_token } = await read(made, offer(link.share_id, {}, by));
  await read(claimed, claim(claim_token, to));
}

describe("a link that is claimed", () => {
  test("is its claimer's to see and revoke, who has nothing else there; URL, password, limits and count stay", async () => {
    const terms = { expire_in: 86_400, max_downloads: 5, password: "right horse" };
    const { workspace_id, file, link } = await linked(terms);
    const zoe = await story.customer();
    const password = { "x-share-password": "right horse" };
    expect(await opened(link, password)).toBe(302);
    const offered = await read(made, offer(link.share_id, { message: "Yours." }));
    expect(offered).toMatchObject({
      resource: { type: "share", id: link.share_id },
      ...{ state: "pending", residual_role: "none", keep: { shares: true, webhooks: false } },
      preview: { name: link.share_id, folders: 0, files: 0, bytes: 0, links: 1, complete: true },
    });
    expect(await manages(link, zoe)).toBe(404);
    const seen = await read(claimable, zoe.request(`/v1/claims/${offered.claim_token}`));
    expect(seen.preview).toMatchObject({ name: link.share_id, links: 1 });
    for (const secret of [file, workspace_id, "all.txt", "data"])
      expect(JSON.stringify(seen)).not.toContain(secret);

    const answer = await read(claimed, claim(offered.claim_token, zoe));
    expect(answer).toEqual({
      ...{ transfer_id: offered.transfer_id, resource: { type: "share", id: link.share_id } },
      claimed_at: expect.any(String),
    });
    const now = { ...link, downloads: 1, managed_by: zoe.id };
    expect(await read(share, zoe.request(at(link)))).toEqual(now);
    expect(await read(share, agent.request(at(link)))).toEqual(now);
    expect(await opened(link)).toBe(403);
    expect(await opened(link, password)).toBe(302);
    for (const path of [
      ...[`/v1/files/${file}`, `/v1/files/${file}/content`, `/v1/files/${file}/shares`],
      ...[`/v1/workspaces/${workspace_id}/files`, `/v1/events?workspace=${workspace_id}`],
    ])
      expect(await statusOf(zoe.request(path))).toBe(404);
    expect(await statusOf(zoe.request(`/v1/files/${file}/shares`, { json: {} }))).toBe(404);
    expect(await refusal(claim(offered.claim_token, zoe))).toEqual([410, "transfer_gone"]);

    expect(await statusOf(zoe.request(at(link), { method: "DELETE" }))).toBe(204);
    expect(await read(share, zoe.request(at(link)))).toMatchObject({ state: "revoked", managed_by: zoe.id });
    expect(await opened(link, password)).toBe(410);
  });

  test("is told of to both sides, without where its file is", async () => {
    const { link } = await linked();
    const zoe = await story.customer();
    const { claim_token, transfer_id } = await read(made, offer(link.share_id, { to: for_(zoe) }));
    await read(claimed, claim(claim_token, zoe));
    const told = (await world.events()).filter(({ data }) => data["transfer_id"] === transfer_id);
    expect(told.map(({ type }) => type).sort()).toEqual([
      ...["transfer_claimed", "transfer_claimed", "transfer_created"],
    ]);
    const claims = told.filter(({ type }) => type === "transfer_claimed");
    const [from] = told.filter(({ type }) => type === "transfer_created");
    expect(new Set(claims.map((one) => one.organization_id))).toEqual(
      new Set([zoe.organization, from?.organization_id]),
    );
    for (const { data } of told) {
      expect(data).toMatchObject({ resource: { type: "share", id: link.share_id }, name: link.share_id });
      expect(data).not.toHaveProperty("workspace_id");
    }
    const shown = await read(transfer, agent.request(`/v1/transfers/${transfer_id}`));
    expect(shown).toMatchObject({ state: "claimed", claimed_by: zoe.id, claimed_for: zoe.organization });
  });

  test("goes to one of fifty who claim at once, whoever has which token", async () => {
    const { link } = await linked();
    const [zoe, max] = [await story.customer(), await story.customer()];
    const tokens = await Promise.all([1, 2].map(() => read(made, offer(link.share_id))));
    const all = await Promise.all(
      Array.from({ length: 50 }, async (_, nth) => {
        const by = nth % 2 === 0 ? zoe : max;
        return { by, status: await statusOf(claim(tokens[nth % 3 === 0 ? 0 : 1]?.claim_token ?? "", by)) };
      }),
    );
    const won = all.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(all.every(({ status }) => [200, 409, 410].includes(status))).toBe(true);
    const [winner, loser] = won[0]?.by === zoe ? [zoe, max] : [max, zoe];
    expect([await manages(link, winner), await manages(link, loser)]).toEqual([200, 404]);
  });

  test("is its maker's no more, but for what its role on the file gives", async () => {
    const { workspace_id, other } = await linked();
    const blind = await withRole(workspace_id, "uploader", [
      "files:write",
      "shares:write",
      "workspaces:write",
    ]);
    const file = await world.addFile(blind, "blind.txt");
    const [link, kept] = [await newShare(file, blind), await newShare(file, blind)];
    const zoe = await story.customer();
    await hand(link, zoe, blind);
    expect([await manages(link, blind), await manages(link, zoe)]).toEqual([404, 200]);
    expect(await statusOf(blind.request(at(link), { method: "DELETE" }))).toBe(404);
    const { items } = await read(page.of(share), blind.request(`/v1/files/${file}/shares`));
    expect(items.map(({ share_id }) => share_id)).toEqual([kept.share_id]);
    expect(await refusal(offer(link.share_id, {}, blind))).toEqual([404, "not_found"]);

    const sharer = await withRole(workspace_id, "sharer");
    const its = await newShare(other, sharer);
    await hand(its, zoe, sharer);
    expect(await manages(its, sharer)).toBe(200);
    // To hand it over once more it would have to be its own.
    expect(await refusal(offer(its.share_id, {}, sharer))).toEqual([403, "forbidden"]);
    expect(await statusOf(sharer.request(at(its), { method: "DELETE" }))).toBe(204);
  });

  test("is among its own for a claimer that sees nothing else of the file", async () => {
    const { workspace_id, link } = await linked();
    const blind = await withRole(workspace_id, "uploader", [
      "files:write",
      "shares:write",
      "workspaces:write",
    ]);
    const file = await world.addFile(blind, "theirs.txt");
    const [theirs, ours] = [await newShare(file, blind), await newShare(file)];
    const listed = async () => {
      const { items } = await read(page.of(share), blind.request(`/v1/files/${file}/shares`));
      return items.map(({ share_id }) => share_id).sort();
    };
    expect(await listed()).toEqual([theirs.share_id]);
    await hand(ours, blind);
    expect(await listed()).toEqual([theirs.share_id, ours.share_id].sort());
    await hand(link, blind);
    expect(await manages(link, blind)).toBe(200);
  });

  test("is a viewer's to manage, who may share nothing else, and a restricted token's within its restriction", async () => {
    const { workspace_id, file, link } = await linked();
    const viewer = await withRole(workspace_id, "sharer");
    const json = { principal_id: viewer.client_id, role: "viewer" };
    await agent.request(`/v1/workspaces/${workspace_id}/grants`, { json });
    const only = (actions: ("read" | "share")[]) =>
      viewer.restricted({ type: "file_access", actions, workspace: workspace_id, file });
    const [reading, sharing] = [await only(["read"]), await only(["read", "share"])];
    expect(await viewer.ended()).toBe(204);
    for (const request of [viewer.request, sharing])
      expect(await refusal(request(at(link)))).toEqual([403, "forbidden"]);
    await hand(link, viewer);
    expect(await manages(link, viewer)).toBe(200);
    expect(await refusal(viewer.request(`/v1/files/${file}/shares`))).toEqual([403, "forbidden"]);
    expect([await statusOf(reading(at(link))), await statusOf(sharing(at(link)))]).toEqual([403, 200]);
    const scoped = await viewer.withScopes("files:read", "workspaces:write");
    expect(await statusOf(scoped(at(link)))).toBe(403);
    expect(await statusOf(sharing(at(link), { method: "DELETE" }))).toBe(204);
  });

  test("goes back and forth, and on, and offers of before are over", async () => {
    const { link } = await linked();
    const [zoe, max] = [await story.customer(), await story.customer()];
    const early = await read(made, offer(link.share_id));
    await hand(link, zoe);
    expect(await refusal(claim(early.claim_token, max))).toEqual([410, "transfer_gone"]);
    const mine = await read(made, offer(link.share_id, {}, zoe));
    await hand(link, max, zoe);
    expect([await manages(link, zoe), await manages(link, max)]).toEqual([404, 200]);
    expect(await refusal(claim(mine.claim_token, zoe))).toEqual([410, "transfer_gone"]);
    expect(await refusal(offer(link.share_id, {}, zoe))).toEqual([404, "not_found"]);
    // Its file's owner takes it back by handing it to itself.
    await hand(link, agent);
    expect([await manages(link, agent), await manages(link, max)]).toEqual([200, 404]);
    expect(await read(share, agent.request(at(link)))).toMatchObject({ managed_by: agent.client_id });
    await hand(link, zoe);
    expect(await manages(link, zoe)).toBe(200);
  });
});

describe("just before the claim", () => {
  const gone = [410, "transfer_gone"];

  test.each([
    ["it goes to another", 0],
    ["it goes to another once more", 1],
  ] as const)("%s, who has it then", async (_, turns) => {
    const { link } = await linked();
    const [zoe, max] = [await story.customer(), await story.customer()];
    for (let turn = 0; turn < turns; turn++) await hand(link, zoe);
    const [mine, its] = [await read(made, offer(link.share_id)), await read(made, offer(link.share_id))];
    const late = await world.meanwhile(
      () => claim(mine.claim_token, zoe),
      () => claim(its.claim_token, max),
    );
    expect(await refusal(late)).toEqual(gone);
    expect([await manages(link, zoe), await manages(link, max)]).toEqual([404, 200]);
  });

  test("its file goes to another workspace", async () => {
    const { file, link } = await linked();
    const zoe = await story.customer();
    const other = await read(workspace, agent.request("/v1/workspaces", { json: { name: `for-${file}` } }));
    const { claim_token } = await read(made, offer(link.share_id));
    const move = { method: "PATCH", json: { workspace: other.workspace_id } };
    const late = await world.meanwhile(
      () => claim(claim_token, zoe),
      () => agent.request(`/v1/files/${file}`, move),
    );
    expect(await refusal(late)).toEqual(gone);
  });

  test.each([true, false])("its workspace is handed over, with its links or not: %s", async (shares) => {
    const { workspace_id, link } = await linked();
    const [zoe, max] = [await story.customer(), await story.customer()];
    const { claim_token } = await read(made, offer(link.share_id));
    const late = await world.meanwhile(
      () => claim(claim_token, zoe),
      () => story.handOver(workspace_id, max, { keep: { shares } }),
    );
    expect(await refusal(late)).toEqual(gone);
  });
});

describe("who was handed a link manages it no more", () => {
  test("once its file goes to another workspace, though it came back", async () => {
    const { workspace_id, file, link } = await linked();
    const zoe = await story.customer();
    const { claim_token } = await read(made, offer(link.share_id));
    await hand(link, zoe);
    const other = await read(workspace, agent.request("/v1/workspaces", { json: { name: `to-${file}` } }));
    const move = (to: string) =>
      statusOf(agent.request(`/v1/files/${file}`, { method: "PATCH", json: { workspace: to } }));
    expect(await move(other.workspace_id)).toBe(200);
    expect([await manages(link, zoe), await manages(link, agent), await opened(link)]).toEqual([
      404, 200, 302,
    ]);
    expect(await read(share, agent.request(at(link)))).not.toHaveProperty("managed_by");
    expect(await refusal(offer(link.share_id, {}, zoe))).toEqual([404, "not_found"]);
    expect(await move(workspace_id)).toBe(200);
    expect(await manages(link, zoe)).toBe(404);
    expect(await refusal(claim(claim_token, zoe))).toEqual([410, "transfer_gone"]);
    await hand(link, zoe);
    expect(await manages(link, zoe)).toBe(200);
  });

  test("once its file's workspace is handed over, whose new owner does", async () => {
    const { workspace_id, file, link } = await linked();
    const [zoe, max] = [await story.customer(), await story.customer()];
    const viewer = await withRole(workspace_id, "viewer");
    const second = await newShare(file);
    await hand(link, zoe);
    await hand(second, viewer);
    await story.handOver(workspace_id, max);
    expect([await manages(link, zoe), await manages(link, agent), await manages(link, max)]).toEqual([
      404, 404, 200,
    ]);
    expect([await manages(second, viewer), await opened(link)]).toEqual([404, 302]);
    expect(await read(share, max.request(at(link)))).not.toHaveProperty("managed_by");
    await hand(link, zoe, max);
    expect(await manages(link, zoe)).toBe(200);
    // Once the workspace is back, who may share there again doesn't have it for that.
    const whole = { resource: { type: "workspace", id: workspace_id } };
    const back = await read(made, max.request("/v1/transfers", { json: whole }));
    const boss = await world.client("admin");
    expect(await statusOf(claim(back.claim_token, boss))).toBe(200);
    const json = { principal_id: viewer.client_id, ...SHARER };
    expect(await statusOf(boss.request(`/v1/workspaces/${workspace_id}/grants`, { json }))).toBe(201);
    expect(await manages(second, viewer)).toBe(200);
    expect(await refusal(offer(second.share_id, {}, viewer))).toEqual([403, "forbidden"]);
  });

  test("once the organization is handed over, whose workspace it is in", async () => {
    const [owner, zoe, max] = [await story.customer(), await story.customer(), await story.customer()];
    const { organization, id } = owner;
    const asked = owner.request("/v1/workspaces", { json: { name: "theirs", organization } });
    const { workspace_id } = await read(workspace, asked);
    const file = await world.addFile({ client_id: id, workspace_id }, "a.txt");
    const [link, late] = [await newShare(file, owner), await newShare(file, owner)];
    await hand(link, zoe, owner);
    const pending = await read(made, offer(late.share_id, {}, owner));
    const whole = { resource: { type: "organization", id: organization } };
    const offered = await read(made, owner.request("/v1/transfers", { json: whole }));
    const taken = await world.meanwhile(
      () => claim(pending.claim_token, zoe),
      () => claim(offered.claim_token, max),
    );
    expect(await refusal(taken)).toEqual([410, "transfer_gone"]);
    expect([await manages(link, zoe), await manages(link, owner), await manages(link, max)]).toEqual([
      404, 404, 200,
    ]);
    expect([await manages(late, zoe), await opened(link)]).toEqual([404, 302]);
    expect(await read(share, max.request(at(link)))).not.toHaveProperty("managed_by");
  });

  test("while its file or folder is in the trash", async () => {
    const { file, link } = await linked();
    const zoe = await story.customer();
    await hand(link, zoe);
    await agent.request(`/v1/files/${file}`, { method: "DELETE" });
    expect(await manages(link, zoe)).toBe(404);
    await agent.request(`/v1/trash/${file}/restore`, { method: "POST" });
    expect(await manages(link, zoe)).toBe(200);
  });
});

describe("what a revoked client leaves", () => {
  const admin = () => world.client("admin");
  const revoke = async (id: string) =>
    statusOf((await admin()).request(`/v1/clients/${id}?links=revoke`, { method: "DELETE" }));

  test("are links that it has handed over, and not those that it was handed", async () => {
    const { workspace_id, file, link } = await linked();
    const zoe = await story.customer();
    const maker = await withRole(workspace_id, "sharer");
    const [handed, own] = [await newShare(file, maker), await newShare(file, maker)];
    await hand(handed, zoe, maker);
    await hand(link, maker);
    expect(await revoke(maker.client_id)).toBe(200);
    expect([await opened(handed), await opened(own), await opened(link)]).toEqual([302, 410, 410]);
  });

  test("are links of a workspace that was handed over since", async () => {
    const { workspace_id, file, link } = await linked();
    const max = await story.customer();
    const holder = await world.client("shares:write", "workspaces:write");
    const trashed = await newShare(file);
    await hand(link, holder);
    await story.handOver(workspace_id, max);
    await hand(trashed, holder, max);
    await max.request(`/v1/files/${file}`, { method: "DELETE" });
    expect(await revoke(holder.client_id)).toBe(200);
    await max.request(`/v1/trash/${file}/restore`, { method: "POST" });
    expect([await opened(link), await opened(trashed)]).toEqual([302, 410]);
  });
});

describe("an offer of a link", () => {
  test("is made by who has it and may share there, and by who owns the file", async () => {
    const { workspace_id, file, link } = await linked();
    const [sharer, viewer, stranger] = [
      await withRole(workspace_id, "sharer"),
      await withRole(workspace_id, "viewer"),
      await story.customer(),
    ];
    const its = await newShare(file, sharer);
    expect(await refusal(offer(link.share_id, {}, sharer))).toEqual([403, "forbidden"]);
    expect(await refusal(offer(link.share_id, {}, viewer))).toEqual([403, "forbidden"]);
    expect(await refusal(offer(link.share_id, {}, stranger))).toEqual([404, "not_found"]);
    expect(await refusal(offer("shr_01JZZZZZZZZZZZZZZZZZZZZZZZ"))).toEqual([404, "not_found"]);
    expect(await statusOf(offer(its.share_id, {}, sharer))).toBe(201);
    expect(await statusOf(offer(its.share_id))).toBe(201);
    // As its maker it takes the scope that sharing takes; as the file's owner it doesn't.
    const fewer: Scope[] = ["files:read", "workspaces:write"];
    expect(await refusal(offer(its.share_id, {}, { request: await sharer.withScopes(...fewer) }))).toEqual([
      403,
      "forbidden",
    ]);
    expect(await statusOf(offer(its.share_id, {}, { request: await agent.withScopes(...fewer) }))).toBe(201);
  });

  test("is worth nothing once its maker may no longer share there, until it may again", async () => {
    const { workspace_id, file } = await linked();
    const zoe = await story.customer();
    const maker = await withRole(workspace_id, "sharer");
    const link = await newShare(file, maker);
    const { claim_token, transfer_id } = await read(made, offer(link.share_id, {}, maker));
    expect(await maker.ended()).toBe(204);
    expect(await refusal(zoe.request(`/v1/claims/${claim_token}`))).toEqual([410, "transfer_gone"]);
    expect(await refusal(claim(claim_token, zoe))).toEqual([410, "transfer_gone"]);
    const json = { principal_id: maker.client_id, role: "viewer" };
    await agent.request(`/v1/workspaces/${workspace_id}/grants`, { json });
    expect(await refusal(claim(claim_token, zoe))).toEqual([410, "transfer_gone"]);
    await agent.request(`/v1/workspaces/${workspace_id}/grants`, {
      json: { ...json, role: undefined, ...SHARER },
    });
    expect(await statusOf(zoe.request(`/v1/claims/${claim_token}`))).toBe(200);
    // Who owns the file sees it, and may withdraw it.
    expect(await statusOf(agent.request(`/v1/transfers/${transfer_id}`))).toBe(200);
    expect(await statusOf(agent.request(`/v1/transfers/${transfer_id}`, { method: "DELETE" }))).toBe(204);
    expect(await refusal(claim(claim_token, zoe))).toEqual([410, "transfer_gone"]);
  });

  test("by a restricted token is within its restriction, and claims take an unrestricted one", async () => {
    const { workspace_id, file, other, link } = await linked();
    const zoe = await story.customer();
    const sharer = await withRole(workspace_id, "sharer");
    const [here, there] = [await newShare(file, sharer), await newShare(other, sharer)];
    const detail = {
      type: "file_access" as const,
      actions: ["share" as const],
      workspace: workspace_id,
      file,
    };
    const bound = { request: await sharer.restricted({ ...detail, actions: ["read", "share"] }) };
    expect(await statusOf(offer(there.share_id, {}, bound))).toBe(404);
    const { claim_token } = await read(made, offer(here.share_id, {}, bound));
    expect(await statusOf(claim(claim_token, zoe))).toBe(200);
    const offered = await read(made, offer(link.share_id));
    expect(await refusal(claim(offered.claim_token, bound))).toEqual([403, "forbidden"]);
    expect(await refusal(bound.request(`/v1/claims/${offered.claim_token}`))).toEqual([403, "forbidden"]);
    const scoped = { request: await sharer.withScopes("shares:write", "files:read") };
    expect(await refusal(claim(offered.claim_token, scoped))).toEqual([403, "forbidden"]);
    expect(await statusOf(claim(offered.claim_token, sharer))).toBe(200);
  });

  test("is for whom it names alone", async () => {
    const { link } = await linked();
    const [zoe, max] = [await story.customer(), await story.customer()];
    const mailed = await read(made, offer(link.share_id, { to: { email: zoe.email } }));
    expect(await refusal(max.request(`/v1/claims/${mailed.claim_token}`))).toEqual([404, "not_found"]);
    expect(await refusal(claim(mailed.claim_token, max))).toEqual([404, "not_found"]);
    expect(await statusOf(claim(mailed.claim_token, zoe))).toBe(200);
    const named = await read(made, offer(link.share_id, { to: for_(max) }));
    expect(await refusal(claim(named.claim_token, zoe))).toEqual([404, "not_found"]);
    expect(await statusOf(claim(named.claim_token, max))).toBe(200);
    const shown = await read(transfer, agent.request(`/v1/transfers/${named.transfer_id}`));
    expect(shown.claimed_for).toBe(max.organization);
  });

  test("is over once the link is revoked, or what it leads to is gone, also just before the claim", async () => {
    const { file, link } = await linked();
    const zoe = await story.customer();
    const gone = [410, "transfer_gone"];
    const offered = await Promise.all([1, 2].map(() => read(made, offer(link.share_id))));
    const [first = "", second = ""] = offered.map(({ claim_token }) => claim_token);
    const trash = (how: "DELETE" | "POST") =>
      agent.request(how === "POST" ? `/v1/trash/${file}/restore` : `/v1/files/${file}`, { method: how });
    await trash("DELETE");
    expect(await refusal(claim(first, zoe))).toEqual(gone);
    await trash("POST");
    expect(await statusOf(zoe.request(`/v1/claims/${first}`))).toBe(200);
    expect(
      await refusal(
        await world.meanwhile(
          () => claim(first, zoe),
          () => trash("DELETE"),
        ),
      ),
    ).toEqual(gone);
    await trash("POST");
    const revoke = () => agent.request(at(link), { method: "DELETE" });
    expect(await refusal(await world.meanwhile(() => claim(first, zoe), revoke))).toEqual(gone);
    expect(await refusal(claim(second, zoe))).toEqual(gone);
    expect(await manages(link, zoe)).toBe(404);
    const told = (await world.events("transfer_claimed")).map(({ data }) => data["resource"]);
    expect(told).not.toContainEqual({ type: "share", id: link.share_id });
    // And none is made of one that is dead.
    expect(await refusal(offer(link.share_id))).toEqual([409, "conflict"]);
  });

  test("of one that is bound to a version is over once that is deleted", async () => {
    const { workspace_id } = await linked();
    const blind = await withRole(workspace_id, "uploader", [
      "files:write",
      "shares:write",
      "workspaces:write",
    ]);
    const file = await world.addFile(blind, "bound.txt");
    const link = await newShare(file, blind);
    const { claim_token } = await read(made, offer(link.share_id, {}, blind));
    await world.addVersion(agent, file, "second");
    const old = `/v1/files/${file}/versions/${link.version_id}`;
    const zoe = await story.customer();
    expect(await statusOf(zoe.request(`/v1/claims/${claim_token}`))).toBe(200);
    expect(await statusOf(agent.request(old, { method: "DELETE" }))).toBe(204);
    expect(await refusal(claim(claim_token, zoe))).toEqual([410, "transfer_gone"]);
    expect(await refusal(offer(link.share_id))).toEqual([409, "conflict"]);
  });

  test("is over once the workspace was handed over, and as links end with that", async () => {
    const { workspace_id, file, link } = await linked();
    const [zoe, max] = [await story.customer(), await story.customer()];
    const { claim_token, transfer_id } = await read(made, offer(link.share_id));
    await story.handOver(workspace_id, max, { keep: { shares: false } });
    expect(await refusal(claim(claim_token, zoe))).toEqual([410, "transfer_gone"]);
    const shown = await read(transfer, agent.request(`/v1/transfers/${transfer_id}`));
    expect(shown.state).toBe("withdrawn");
    expect(await refusal(offer(link.share_id, {}, max))).toEqual([409, "conflict"]);
    expect(await statusOf(offer((await newShare(file, max)).share_id, {}, max))).toBe(201);
  });

  test("ends with the link at the latest", async () => {
    const { link } = await linked({ expire_in: 3_600 });
    const zoe = await story.customer();
    const offered = await read(made, offer(link.share_id));
    expect(offered.expires_at).toBe(link.expires_at);
    expect(await refusal(offer(link.share_id, { expires_in: 7_200 }))).toEqual([400, "invalid_request"]);
    world.advance(3_600_000);
    expect(await refusal(claim(offered.claim_token, zoe))).toEqual([410, "transfer_gone"]);
    expect(await refusal(offer(link.share_id))).toEqual([409, "conflict"]);
  });

  test("of one that is used up is its count's, which leads nowhere", async () => {
    const { link } = await linked({ max_downloads: 1 });
    const zoe = await story.customer();
    expect(await opened(link)).toBe(302);
    const offered = await read(made, offer(link.share_id));
    expect(offered.preview.links).toBe(0);
    expect(await statusOf(claim(offered.claim_token, zoe))).toBe(200);
    expect(await read(share, zoe.request(at(link)))).toMatchObject({ state: "used_up", downloads: 1 });
  });

  test.each([
    ["viewer is left", { residual_role: "viewer" }, "/residual_role"],
    ["links end", { keep: { shares: false } }, "/keep/shares"],
    ["endpoints go on", { residual_role: "manager", keep: { webhooks: true } }, "/residual_role"],
    ["endpoints go on, and nothing is left", { keep: { webhooks: true } }, "/keep/webhooks"],
  ])("is refused where %s", async (_, terms, pointer) => {
    const { link } = await linked();
    const problem = z.looseObject({ errors: z.array(z.looseObject({ pointer: z.string() })) });
    const { errors } = await read(problem, offer(link.share_id, terms));
    expect(errors.map((one) => one.pointer)).toEqual([pointer]);
    expect(await statusOf(offer(link.share_id, { residual_role: "none", keep: { shares: true } }))).toBe(201);
  });

  test("is claimed to nowhere, under an Idempotency-Key once", async () => {
    const { link } = await linked();
    const zoe = await story.customer();
    const { claim_token } = await read(made, offer(link.share_id));
    for (const json of [for_(zoe), { workspace: "mine" }, { folder: "in" }])
      expect(await refusal(claim(claim_token, zoe, json))).toEqual([400, "invalid_request"]);
    const asked = { method: "POST", json: {}, headers: { "idempotency-key": `claim-${link.share_id}` } };
    const first = await read(claimed, zoe.request(`/v1/claims/${claim_token}`, asked));
    expect(await read(claimed, zoe.request(`/v1/claims/${claim_token}`, asked))).toEqual(first);
  });
});
