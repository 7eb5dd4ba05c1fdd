import { keys, under } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import { actsByKept } from "#core/access/organization-now.ts";
import type { OrganizationRecord } from "#core/access/records.ts";
import { homeOf } from "#core/accounts/find-client.ts";
import { clientRecord, keyRecord } from "#core/accounts/records.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { readHooks } from "#core/endpoints/match-endpoints.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { allRows } from "#core/kernel/live-rows.ts";
import type { EndedBy } from "./client-ends.ts";
import { keyEndWrites } from "./key-ends.ts";
import { newRevocation } from "./records.ts";

/**
 * Ends keys and endpoints of those whom an organization's new owner kept, and which weren't kept themselves: they have had no
 * effect there since. A person's keys, and a client's of another organization, are good elsewhere and stay.
 */
export async function endUnkept(deps: DueDeps, organization: OrganizationRecord, by: EndedBy): Promise<void> {
  const { organization_id, kept } = organization;
  const stale = (holder: string, thing: string) =>
    Object.hasOwn(kept, holder) && !actsByKept({ id: holder, means: [thing] }, organization);
  for (const hook of await readHooks(deps)) {
    const isIts = hook.organization_id === organization_id && hook.disabled_at === undefined;
    if (isIts && stale(hook.client_id, hook.webhook_id))
      await disableEndpoint(deps, hook, "no_access", by.request_id, { actor: by.actor });
  }
  for (const holder of Object.keys(kept).filter((id) => id.startsWith("cli_"))) {
    const client = await deps.table.get(clientRecord.optional(), keys.client(holder));
    if (client === undefined || homeOf(client) !== organization_id) continue;
    const rows = await allRows(deps, keys.client(holder), under.apiKeys);
    const ending = rows
      .map((item) => keyRecord.parse(item))
      .filter(
        ({ key_id, revoked_at, ended_at }) => (revoked_at ?? ended_at) === undefined && stale(holder, key_id),
      );
    for (const key of ending) {
      const now = deps.now();
      const writes = keyEndWrites(now, key, { ...by, organization_id });
      await happened(deps.table.transact([...writes, newRevocation(now, key.key_id).write]));
    }
  }
}
