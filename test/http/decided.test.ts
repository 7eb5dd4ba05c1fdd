/** A route that answers without a decision is a fault of ours, and no answer. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { type Access, defineRoute } from "#contract/route.ts";
import { issueToken } from "#core/accounts/issue-token.ts";
import { createApp } from "#http/app.ts";
import { serve } from "#http/serve.ts";
import { allRoutes } from "#test/support/all-routes.ts";
import { startWorld, type World } from "#test/support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const answering = (access: Access) =>
  defineRoute({
    id: "forgetful",
    method: "GET",
    path: "/v1/forgetful",
    summary: "Answers",
    tag: "Files",
    access,
    scopes: [],
    responses: { 200: { description: "An answer", schema: z.object({ secret: z.string() }) } },
    errors: [],
  });

async function answer(access: Access): Promise<{ status: number; text: string }> {
  const client = await world.client("files:read");
  const credentials = { clientId: client.client_id, clientSecret: client.client_secret };
  const { access_token: token } = await issueToken(world.deps, credentials);
  const app = createApp(world.deps, [
    (one) =>
      serve(one, world.deps, {
        route: answering(access),
        handle: async () => ({ body: { secret: "told" } }),
      }),
  ]);
  const sent = await app.request("/v1/forgetful", { headers: { authorization: `Bearer ${token}` } });
  return { status: sent.status, text: await sent.text() };
}

test("one whose verb forgets to decide is a 500, which tells nothing", async () => {
  const { status, text } = await answer({ action: "read", decides: "it should" });
  expect(status).toBe(500);
  expect(text).not.toContain("told");
});

test("one that is the caller's own answers", async () => {
  expect((await answer({ own: "is the caller's" })).status).toBe(200);
});

test("one that decides on what its path names doesn't start without saying what that is", async () => {
  await expect(answer({ action: "read", on: "file" })).rejects.toThrow("nothing says which");
});

test("every route says who may use it, and why where no action does", async () => {
  for (const { id, access, scopes } of await allRoutes()) {
    const why = "public" in access ? access.public : "own" in access ? access.own : "an action or a role";
    expect([id, why.length > 10]).toEqual([id, true]);
    expect([id, scopes === "public"]).toEqual([id, "public" in access]);
  }
});
