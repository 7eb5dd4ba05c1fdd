/** AWS calls, round trips, DynamoDB units and list prices of the API's requests, counted by the local cloud. */
import { scopes } from "#contract/scopes.ts";
import { startStory } from "#test/support/story.ts";
import { countByGrant, DEPTH } from "./calls/access.ts";
import { countBatches } from "./calls/batches.ts";
import type { Cost } from "./calls/count.ts";
import { countLists } from "./calls/lists.ts";
import { countRoutes } from "./calls/routes.ts";

/** Prints the table; counting takes the same however short. */
export async function run(): Promise<void> {
  await using story = await startStory();
  print(await countRoutes(story));
  console.log(
    "Round trips: the longest chain of calls that wait for one another, after the one that reads token and client.\n" +
      "Units and prices are of the whole request; Lambda's duration and what events set off are not in them.",
  );
  await using listing = await startStory();
  print(await countLists(listing));
  await using batching = await startStory();
  console.table(
    Object.fromEntries(
      [...(await countBatches(batching))].map(([name, file]) => [
        `${name}, each file`,
        {
          requests: file.requests,
          "round trips": file.roundTrips,
          "read units": file.readUnits,
          "write units": file.writeUnits,
          "$ per million": file.usdPerMillion.toFixed(2),
        },
      ]),
    ),
  );
  await using granting = await startStory({ scopes: scopes.filter((scope) => scope !== "admin") });
  const byGrant = await countByGrant(granting);
  console.table(
    Object.fromEntries(
      [...byGrant].map(([name, { workspace, folder }]) => [
        name,
        {
          "round trips, workspace granted": workspace.roundTrips,
          [`a folder ${DEPTH} levels up granted`]: folder.roundTrips,
          "read units": workspace.readUnits,
          "read units, folder": folder.readUnits,
        },
      ]),
    ),
  );
}

function print(costs: readonly Cost[]): void {
  console.table(
    Object.fromEntries(
      costs.map(({ name, authentication, calls, roundTrips, readUnits, writeUnits, usdPerMillion }) => [
        name,
        {
          auth: authentication === undefined ? "" : "1 read",
          calls: tally(calls.map(({ action }) => action)),
          "round trips": roundTrips,
          "read units": readUnits,
          "write units": writeUnits,
          "$ per million": usdPerMillion.toFixed(2),
        },
      ]),
    ),
  );
}

function tally(actions: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const action of actions) counts.set(action, (counts.get(action) ?? 0) + 1);
  return [...counts].map(([action, count]) => (count === 1 ? action : `${count} ${action}`)).join(", ");
}
