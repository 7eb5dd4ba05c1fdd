/** What the decision adds to each request: nothing under a grant on the workspace, a round trip at most far below one on a folder. */
import { expect, test } from "vitest";
import { countByGrant } from "#bench/calls/access.ts";
import { countRoutes } from "#bench/calls/routes.ts";
import { scopes } from "#contract/scopes.ts";
import { startStory } from "#test/support/story.ts";

/** A copy is decided where the file is and where it goes, one after the other. */
const COPIES_PLACES = 2;

test("a grant far above costs one round trip at most", async () => {
  await using story = await startStory({ scopes: scopes.filter((scope) => scope !== "admin") });
  const own = new Map((await countRoutes(story)).map((cost) => [cost.name, cost.roundTrips]));
  const byGrant = await countByGrant(story);
  expect(byGrant.size).toBeGreaterThan(25);
  for (const [name, { workspace, folder }] of byGrant) {
    // A list of the root needs no look at a path.
    const further = workspace.roundTrips - (own.get(name) ?? 0);
    // What the own client asks about is partly in the root, where no folders are looked at.
    const most = name.includes("/copy") ? COPIES_PLACES : 1;
    if (!name.includes("/workspaces/")) expect([name, further <= most || further]).toEqual([name, true]);
    const added = folder.roundTrips - workspace.roundTrips;
    expect([name, added <= 1 || added]).toEqual([name, true]);
  }
}, 300_000);
