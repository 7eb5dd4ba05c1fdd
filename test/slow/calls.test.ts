/** What requests cost: figures that may only fall. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cost, longestChain } from "#bench/calls/count.ts";
import { countRoutes } from "#bench/calls/routes.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
let costs: Map<string, Cost>;
beforeAll(async () => {
  story = await startStory();
  costs = new Map((await countRoutes(story)).map((cost) => [cost.name, cost]));
}, 120_000);
afterAll(() => story?.stop());

function costOf(name: string): Cost {
  const cost = costs.get(name);
  if (cost === undefined) throw new Error(`${name} was not counted`);
  return cost;
}

test("a chain is the most calls that can't have been side by side", () => {
  const call = (startedAt: number, endedAt: number) => ({ startedAt, endedAt });
  expect(longestChain([])).toBe(0);
  expect(longestChain([call(0, 40), call(1, 41), call(2, 42)])).toBe(1);
  expect(longestChain([call(0, 40), call(40, 80), call(41, 81)])).toBe(2);
  expect(longestChain([call(0, 100), call(0, 40), call(40, 80)])).toBe(2);
});

/** One of them is the folders above, which are there or not: in a workspace's root it is none. */
test.for([
  ["POST /v1/uploads", 3],
  ["POST /v1/uploads (new version)", 3],
  ["POST /v1/uploads (form)", 3],
  ["POST /v1/uploads (upload token)", 3],
  // The client that made the token, and its key.
  ["POST /v1/uploads/{id}/parts (upload token)", 2],
  ["POST /v1/uploads/{id}/finalize", 6],
  ["POST /v1/uploads/{id}/finalize (new version)", 6],
  ["GET /s/{token}", 3],
  ["POST /v1/uploads/{id}/parts", 1],
  ["GET /v1/workspaces/{ws}/files", 2],
  // The root has one folder, that one another, and that one the files.
  ["GET /v1/workspaces/{ws}/files (recursive)", 4],
  ["GET /v1/files/{id}", 2],
  ["GET /v1/files/{id}/content", 2],
  ["DELETE /v1/files/{id}", 2],
  ["POST /v1/files/{id}/shares", 2],
  // The file's folders, hints of the path there, its folders, the transaction.
  ["PATCH /v1/files/{id} (to another workspace)", 4],
] as const)("%s: at most %i round trips after authentication", ([name, most]) => {
  expect(costOf(name).roundTrips).toBeGreaterThanOrEqual(Math.min(most, 1));
  expect(costOf(name).roundTrips).toBeLessThanOrEqual(most);
});

test.for([
  ["POST /v1/files/{id}/lock", ["BatchGetItem", "TransactWriteItems"]],
  ["POST /v1/files/{id}/lock (refused)", ["BatchGetItem"]],
  ["GET /v1/files/{id}/lock", ["BatchGetItem"]],
  ["POST /v1/files/{id}/lock/renew", ["BatchGetItem", "UpdateItem"]],
  ["DELETE /v1/files/{id}/lock", ["BatchGetItem", "TransactWriteItems"]],
] as const)("%s: %j after authentication, which reads the file too", ([name, calls]) => {
  expect(costOf(name).calls.map(({ action }) => action)).toEqual(calls);
});

test("authentication is one call on every route that has it", () => {
  for (const { name, authentication } of costs.values()) {
    expect([name, authentication !== undefined]).toEqual([name, !/\/s\/|\/auth\/token/.test(name)]);
  }
});
