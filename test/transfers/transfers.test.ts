/** Workspaces that are handed over: offered, seen and claimed, once and whole, and nothing left to who had them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { heldGrantRecord } from "#core/access/records.ts";
import { claimable, claimed, MAX_OPEN, transfer } from "#core/transfers/contract.ts";
import { sweepHandovers } from "#core/transfers/sweep-handovers.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { read, refusal } from "#test/support/world.ts";
import { claim, for_, made, type Story, startTransfers, statusOf } from "./story.ts";

const HOUR = 3_600_000;
let story: Story;
let world: Story["world"];
let agent: Story["agent"];
let customer: Story["customer"];
let report: Story["report"];
let offer: Story["offer"];
beforeAll(async () => {
  story = await startTransfers();
  ({ world, agent, customer, report, offer } = story);
});
afterAll(() => story?.world.close());

describe("a workspace that is claimed", () => {
  test("belongs to the claimer with all that is in it, and nothing is left to who had it", async () => {
    const { workspace_id, name, share_url, reader, sees } = await report();
    const zoe = await customer();
    const offered = await read(made, offer(workspace_id, { message: "As agreed." }));
    expect(offered).toMatchObject({
      ...{ state: "pending", residual_role: "none", created_by: agent.client_id, message: "As agreed." },
      preview: { name, folders: 2, files: 2, bytes: 10, complete: true },
    });
    expect(await sees(zoe)).toEqual([404, 404, 404]);
    const seen = await read(claimable, zoe.request(`/v1/claims/${offered.claim_token}`));
    expect(seen.preview).toMatchObject({ name, files: 2, folders: 2 });
    expect(await sees(agent)).toEqual([200, 200, 200]);

    const { workspace: mine } = await read(claimed, claim(offered.claim_token, zoe, for_(zoe)));
    expect(mine).toMatchObject({ workspace_id, name, organization_id: zoe.organization });
    expect(await sees(zoe)).toEqual([200, 200, 200]);
    expect(await sees(agent)).toEqual([404, 404, 404]);
    expect(await sees(reader)).toEqual([404, 404, 404]);
    expect(await statusOf(world.request(share_url))).toBe(302);
    for (const [by, has] of [
      [zoe, true],
      [agent, false],
    ] as const) {
      const { items } = await read(page.of(workspace), by.request("/v1/workspaces?limit=100"));
      expect(items.some((one) => one.workspace_id === workspace_id)).toBe(has);
    }
    expect(await refusal(claim(offered.claim_token, zoe, for_(zoe)))).toEqual([410, "transfer_gone"]);
    expect(
      await refusal(
        agent.request("/v1/uploads", { json: { workspace: workspace_id, filename: "x", size: 1 } }),
      ),
    ).toEqual([404, "not_found"]);
  });

  test("leaves to who offered it what it was to keep, which the new owner can end", async () => {
    const { workspace_id, reader, sees } = await report();
    const zoe = await customer();
    const { claim_token } = await read(made, offer(workspace_id, { residual_role: "viewer" }));
    await read(claimed, claim(claim_token, zoe, for_(zoe)));
    expect(await sees(agent)).toEqual([200, 200, 200]);
    expect(await sees(reader)).toEqual([404, 404, 404]);
    expect(await statusOf(agent.request(`/v1/workspaces/${workspace_id}`, { method: "DELETE" }))).toBe(403);
    const rows = z.looseObject({
      items: z.array(z.looseObject({ grant_id: z.string(), principal_id: z.string() })),
    });
    const { items } = await read(rows, zoe.request(`/v1/workspaces/${workspace_id}/grants`));
    const mine = items.find((one) => one.principal_id === agent.client_id);
    expect(await statusOf(zoe.request(`/v1/grants/${mine?.grant_id}`, { method: "DELETE" }))).toBe(204);
    expect(await sees(agent)).toEqual([404, 404, 404]);
  });

  test("has no lock of before, and the next holder a higher number", async () => {
    const { workspace_id, file, deep } = await report();
    const zoe = await customer();
    const lock = z.looseObject({ fencing_token: z.number(), lock_token: z.string() });
    const mine = await read(lock, agent.request(`/v1/files/${file}/lock`, { json: { ttl_seconds: 3_600 } }));
    await agent.request(`/v1/files/${deep}/lock`, { json: { ttl_seconds: 3_600 } });
    const { claim_token } = await read(made, offer(workspace_id, { residual_role: "editor" }));
    await read(claimed, claim(claim_token, zoe, for_(zoe)));
    const state = z.looseObject({ locked: z.boolean() });
    expect((await read(state, zoe.request(`/v1/files/${file}/lock`))).locked).toBe(false);
    const held = { method: "PATCH", json: { tags: ["late"] }, headers: { "Lock-Token": mine.lock_token } };
    expect(await refusal(agent.request(`/v1/files/${file}`, held))).toEqual([409, "lock_lost"]);
    const renewed = { json: { lock_token: mine.lock_token } };
    expect(await refusal(agent.request(`/v1/files/${file}/lock/renew`, renewed))).toEqual([409, "lock_lost"]);
    const next = await read(lock, zoe.request(`/v1/files/${file}/lock`, { json: {} }));
    expect(next.fencing_token).toBeGreaterThan(mine.fencing_token);
    expect(
      await statusOf(zoe.request(`/v1/files/${deep}`, { method: "PATCH", json: { tags: ["mine"] } })),
    ).toBe(200);
  });

  test("is tidied up after: grants and locks of before end, and are told of", async () => {
    const { workspace_id, deep, reader } = await report();
    const zoe = await customer();
    await agent.request(`/v1/files/${deep}/lock`, { json: { ttl_seconds: 3_600 } });
    const { claim_token } = await read(made, offer(workspace_id, { residual_role: "viewer" }));
    // Those of the stories before.
    await sweepHandovers(world.deps);
    await read(claimed, claim(claim_token, zoe, for_(zoe)));
    expect(await sweepHandovers(world.deps)).toBe(1);
    expect(await sweepHandovers(world.deps)).toBe(0);
    const holders = await world.deps.table.batchGet([
      keys.principal(reader.client_id),
      keys.principal(agent.client_id),
    ]);
    const held = holders.flatMap((one) =>
      Object.values(z.record(z.string(), z.unknown()).parse(one["grants"])),
    );
    const here = held
      .map((one) => heldGrantRecord.parse(one))
      .filter((one) => one.workspace_id === workspace_id);
    expect(here).toMatchObject([{ role: "viewer", epoch: 1 }]);
    const told = (await world.events()).filter((one) => one.workspace_id === workspace_id);
    const ended = told.filter(({ type, data }) => type === "grant_ended" && data["reason"] === "handed_over");
    expect(ended).toHaveLength(2);
    expect(told.filter(({ type }) => type === "lock_broken")).toHaveLength(1);
  });

  test("goes to one of fifty who claim at once", async () => {
    const { workspace_id, sees } = await report();
    const zoe = await customer();
    const { claim_token } = await read(made, offer(workspace_id));
    const all = await Promise.all(
      Array.from({ length: 50 }, () => statusOf(claim(claim_token, zoe, for_(zoe)))),
    );
    expect(all.filter((status) => status === 200)).toHaveLength(1);
    expect(all.every((status) => [200, 409, 410].includes(status))).toBe(true);
    expect(await sees(zoe)).toEqual([200, 200, 200]);
    const [record] = await world.deps.table.batchGet([keys.workspace(workspace_id)]);
    expect(record).toMatchObject({ epoch: 1, organization_id: zoe.organization });
  });

  test("gets a number where the claimer has made one of its name", async () => {
    const { workspace_id, name } = await report();
    const zoe = await customer();
    await zoe.request("/v1/workspaces", { json: { name, organization: zoe.organization } });
    const { claim_token } = await read(made, offer(workspace_id));
    const { workspace: mine } = await read(claimed, claim(claim_token, zoe, for_(zoe)));
    expect(mine?.name).toBe(`${name}-1`);
    // Its old name is free again for who had it.
    expect(await statusOf(agent.request("/v1/workspaces", { json: { name } }))).toBe(201);
  });

  test("goes on to another, and back, and old grants stay ended", async () => {
    const { workspace_id, reader, sees } = await report();
    const [zoe, max] = [await customer(), await customer()];
    const first = await read(made, offer(workspace_id));
    await read(claimed, claim(first.claim_token, zoe, for_(zoe)));
    const second = await read(made, offer(workspace_id, {}, zoe));
    await read(claimed, claim(second.claim_token, max, for_(max)));
    expect(await sees(zoe)).toEqual([404, 404, 404]);
    const third = await read(made, offer(workspace_id, {}, max));
    await read(claimed, claim(third.claim_token, zoe, for_(zoe)));
    expect([await sees(max), await sees(agent), await sees(reader)].flat()).toEqual(Array(9).fill(404));
    expect(await sees(zoe)).toEqual([200, 200, 200]);
  });
});

describe("a transfer", () => {
  test("is for whom it says alone", async () => {
    const { workspace_id } = await report();
    const [zoe, max] = [await customer(), await customer()];
    const mail = await read(made, offer(workspace_id, { to: { email: zoe.email.toUpperCase() } }));
    expect(await refusal(claim(mail.claim_token, max, for_(max)))).toEqual([404, "not_found"]);
    expect(await refusal(max.request(`/v1/claims/${mail.claim_token}`))).toEqual([404, "not_found"]);
    expect(await refusal(claim(mail.claim_token, agent))).toEqual([404, "not_found"]);
    const theirs = await read(made, offer(workspace_id, { to: { organization: max.organization } }));
    expect(await refusal(claim(theirs.claim_token, zoe, for_(zoe)))).toEqual([404, "not_found"]);
    expect(await statusOf(max.request(`/v1/claims/${theirs.claim_token}`))).toBe(200);
    expect(await statusOf(claim(mail.claim_token, zoe, for_(zoe)))).toBe(200);
    // The other one offers what isn't there any more.
    expect(await refusal(claim(theirs.claim_token, max, for_(max)))).toEqual([410, "transfer_gone"]);
  });

  test("is refused a wrong token, and tells nothing by it", async () => {
    const { workspace_id } = await report();
    const zoe = await customer();
    const { claim_token } = await read(made, offer(workspace_id));
    const wrong = `${claim_token.slice(0, -1)}${claim_token.endsWith("A") ? "B" : "A"}`;
    expect(await refusal(claim(wrong, zoe, for_(zoe)))).toEqual([404, "not_found"]);
    expect(await refusal(claim("whc_x", zoe, for_(zoe)))).toEqual([400, "invalid_request"]);
  });

  test("is withdrawn, and ends by itself", async () => {
    const { workspace_id } = await report();
    const zoe = await customer();
    const [first, second] = [
      await read(made, offer(workspace_id)),
      await read(made, offer(workspace_id, { expires_in: 3_600 })),
    ];
    for (let times = 0; times < 2; times++)
      expect(await statusOf(agent.request(`/v1/transfers/${first.transfer_id}`, { method: "DELETE" }))).toBe(
        204,
      );
    expect(await refusal(claim(first.claim_token, zoe, for_(zoe)))).toEqual([410, "transfer_gone"]);
    world.advance(HOUR);
    expect(await refusal(claim(second.claim_token, zoe, for_(zoe)))).toEqual([410, "transfer_gone"]);
    const { items } = await read(page.of(transfer), agent.request("/v1/transfers?limit=100"));
    const states = new Map(items.map((one) => [one.transfer_id, one.state]));
    expect([states.get(first.transfer_id), states.get(second.transfer_id)]).toEqual(["revoked", "expired"]);
    expect(await refusal(zoe.request(`/v1/transfers/${first.transfer_id}`))).toEqual([404, "not_found"]);
  });

  test("is worth nothing once its maker has lost the workspace", async () => {
    const { workspace_id } = await report();
    const zoe = await customer();
    const { claim_token } = await read(made, offer(workspace_id));
    await agent.request(`/v1/workspaces/${workspace_id}`, { method: "DELETE" });
    expect(await refusal(claim(claim_token, zoe, for_(zoe)))).toEqual([410, "transfer_gone"]);
    await agent.request(`/v1/trash/${workspace_id}/restore`, { method: "POST" });
    expect(await statusOf(claim(claim_token, zoe, for_(zoe)))).toBe(200);
  });

  test("is offered by the owner alone, and accepted by who manages an organization", async () => {
    const { workspace_id } = await report();
    const other = await story.newAgent();
    await agent.request(`/v1/workspaces/${workspace_id}/grants`, {
      json: { principal_id: other.client_id, role: "viewer" },
    });
    expect(await refusal(offer(workspace_id, {}, other))).toEqual([403, "forbidden"]);
    const { claim_token } = await read(made, offer(workspace_id));
    expect(await refusal(claim(claim_token, other))).toEqual([403, "forbidden"]);
  });

  test("has so many of one workspace open at once", async () => {
    const { workspace_id } = await report();
    const all = [];
    for (let nth = 0; nth < MAX_OPEN; nth++) all.push(await read(made, offer(workspace_id)));
    expect(await refusal(offer(workspace_id))).toEqual([429, "grant_limit"]);
    await agent.request(`/v1/transfers/${all[2]?.transfer_id}`, { method: "DELETE" });
    expect(await statusOf(offer(workspace_id))).toBe(201);
  });

  test.each([
    ["of nothing", {}],
    ["of a version", { resource: { type: "version", id: "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ" } }],
    ["of a link that is none", { resource: { type: "share", id: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ" } }],
    ["of a file that is none", { resource: { type: "file", id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ" } }],
    ["to nobody", { to: {} }],
    ["to two", { to: { email: "a@example.com", organization: "org_01JZZZZZZZZZZZZZZZZZZZZZZZ" } }],
    ["to no address", { to: { email: "nobody at all" } }],
    ["for a second", { expires_in: 1 }],
    ["for a year", { expires_in: 31_536_000 }],
    ["with a role that can't be kept", { residual_role: "owner" }],
  ])("is refused %s", async (what, given) => {
    const { workspace_id } = await report();
    const json = what === "of nothing" ? {} : { resource: { type: "workspace", id: workspace_id }, ...given };
    expect((await refusal(agent.request("/v1/transfers", { json })))[0]).toBe(400);
  });
});
