/** What the release before organizations has left: brought over by the sweep, or by a call that needs it. */

import { keys } from "#aws/keys.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { sweepMigration } from "#core/access/sweep-migration.ts";
import {
  type FormerClient,
  makeWorkspaceAsBefore,
  shareAsBefore,
  writeFormerClient,
} from "#test/support/former-records.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";

const AT = "2025-01-01T00:00:00.000Z";
const HOUR = 3_600_000;

/** The same each time, since the ids of grants follow from them. */
const id = (prefix: string, at: number) => `${prefix}_${String(at).padStart(26, "0")}`;
const former = (at: number, more: Partial<FormerClient> = {}): FormerClient => ({
  ...{ id: id("cli", at), name: `former-${at}`, scopes: ["files:write"], created_at: AT },
  own: { [id("ws", at)]: `former-${at}` },
  ...more,
});

/** Of two at once each brings over some. */
async function sweep(actor: Actor): Promise<void> {
  await sweepMigration(actor.deps);
}
const again = ({ plain }: Stage) => ({ "swept again": () => sweepMigration(plain) });

export const migration: Situation[] = [
  {
    name: "migration: a client",
    async set(stage) {
      const [client, other] = [former(0), former(1)];
      for (const one of [client, other]) await writeFormerClient(stage.plain.table, one);
      return {
        act: sweep,
        meanwhile: {
          "another run": () => sweepMigration(stage.plain),
          "a share as before": () =>
            shareAsBefore(stage.plain.table, client.id, {
              workspaceId: id("ws", 1),
              name: other.name,
            }),
        },
        next: again(stage),
      };
    },
  },
  {
    name: "migration: more workspaces than a record has room for",
    async set(stage) {
      const own = Object.fromEntries(Array.from({ length: 51 }, (_, at) => [id("ws", at), `w${at}`]));
      const client = former(0, { own });
      await writeFormerClient(stage.plain.table, client);
      return { act: sweep, next: again(stage) };
    },
    at: "migrate-client: transact CLIENT",
  },
  {
    name: "migration: an organization without an owner",
    async set(stage) {
      await writeFormerClient(stage.plain.table, former(0, { scopes: ["admin"] }));
      for (const key of [keys.organization(FIRST_ORGANIZATION), keys.organizationEntry(FIRST_ORGANIZATION)])
        await stage.plain.table.remove({ remove: key, condition: "attribute_exists(#pk)" });
      return { act: sweep, next: again(stage) };
    },
  },
  {
    name: "migration: a workspace that is made as before",
    async set(stage) {
      const client = former(0);
      await writeFormerClient(stage.plain.table, client);
      await sweepMigration(stage.plain);
      const made = { workspaceId: id("ws", 2), name: "late", created_at: AT };
      await makeWorkspaceAsBefore(stage.plain.table, client.id, made);
      return {
        act: sweep,
        meanwhile: { "another run": () => sweepMigration(stage.plain) },
        next: again(stage),
      };
    },
  },
  {
    name: "migration: over after an hour",
    async set(stage) {
      await sweepMigration(stage.plain);
      await stage.pass(HOUR);
      return { act: sweep, next: again(stage) };
    },
  },
];
