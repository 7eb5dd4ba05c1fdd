/** Brings what is from before there were organizations over, all of it in the background. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { happened, type Item } from "#aws/table.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { iso } from "#core/kernel/time.ts";
import { electOwner } from "./elect-owner.ts";
import { migrateClient } from "./migrate-client.ts";
import { isFormerWorkspace, migrateWorkspace } from "./migrate-workspace.ts";
import { FIRST_ORGANIZATION } from "./records.ts";

/** How long nothing must have been found (ms): functions of the release before run on for some time beside those of this one. */
const QUIET_MS = 3_600_000;
const PARALLEL = 4;

const state = z.object({ quiet_since_ms: z.number(), over_at: z.string().optional() });
const client = z.object({
  scopes: z.array(z.string()),
  organizations: z.record(z.string(), z.string()).optional(),
  revoked_at: z.string().optional(),
});

/**
 * Makes clients and workspaces from before there were organizations those of today, and the earliest living client with
 * the scope `admin` the owner of the first. Once nothing has been found for an hour it is over: one read a minute.
 *
 * @returns how many it brought over.
 * @throws AggregateError of those that could not be: each of the others has been.
 */
export async function sweepMigration(deps: DueDeps): Promise<number> {
  const before = await deps.table.get(state.optional(), keys.migration());
  if (before?.over_at !== undefined) return 0;
  const errors: unknown[] = [];
  let brought = 0;
  let earliestAdmin: string | undefined;

  async function bring(id: string, how: typeof migrateClient): Promise<void> {
    try {
      if (await how(deps, id)) brought += 1;
    } catch (error) {
      say("error", "what is from before there were organizations could not be brought over", {
        id,
        error: describe(error),
      });
      errors.push(error);
    }
  }

  const clients = await eachPage(deps, keys.clientEntry("").pk, async (entries) => {
    const ids = entries.map(({ client_id }) => String(client_id));
    const records = await deps.table.batchGet(ids.map((id) => keys.client(id)));
    const former = records.filter(isFormerClient).map(({ client_id }) => String(client_id));
    await inParallel(former, PARALLEL, (id) => bring(id, migrateClient));
    const admins = records.filter(isLivingAdmin).map(({ client_id }) => String(client_id));
    // Ids are in the order of their making.
    earliestAdmin ??= admins.sort()[0];
  });
  const workspaces = await eachPage(deps, keys.workspace("").pk, async (items) => {
    const former = items.filter(isFormerWorkspace).map(({ workspace_id }) => String(workspace_id));
    await inParallel(former, PARALLEL, (id) => bring(id, migrateWorkspace));
  });
  if (clients && earliestAdmin !== undefined && errors.length === 0) await electOwner(deps, earliestAdmin);
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} could not be brought over`);
  if (clients && workspaces) await keepState(deps, before, brought > 0);
  return brought;
}

/** What can't be read is for whoever looks at it alone. */
const isFormerClient = (stored: Item) => client.safeParse(stored).data?.organizations === undefined;

/** By its scopes: one that is brought over now was read before. */
function isLivingAdmin(stored: Item): boolean {
  const { scopes = [], organizations, revoked_at } = client.safeParse(stored).data ?? {};
  if (revoked_at !== undefined || !scopes.includes("admin")) return false;
  return organizations === undefined || organizations[FIRST_ORGANIZATION] === "admin";
}

/** @returns whether all were seen before the time was over. */
async function eachPage(
  { table, timeLeft }: DueDeps,
  pk: string,
  handle: (items: readonly Item[]) => Promise<void>,
): Promise<boolean> {
  let after: Item | undefined;
  do {
    if (timeLeft?.() === false) return false;
    const page = await table.query({ where: "#pk = :pk", values: { pk }, after });
    await handle(page.items);
    after = page.next;
  } while (after !== undefined);
  return true;
}

/** What another run found since makes the hour begin anew. */
async function keepState(
  { table, now }: DueDeps,
  before: z.infer<typeof state> | undefined,
  found: boolean,
): Promise<void> {
  const key = keys.migration();
  if (before === undefined || found) {
    await table.put({
      put: { ...key, quiet_since_ms: now() },
      blind: "one that comes late makes the hour begin anew, and nothing else",
    });
  } else if (now() - before.quiet_since_ms >= QUIET_MS) {
    await happened(
      table.update({
        key,
        update: { set: { over_at: iso(now()) } },
        condition: "#quiet_since_ms = :seen",
        values: { seen: before.quiet_since_ms },
      }),
    );
  }
}
