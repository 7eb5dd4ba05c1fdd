import { randomBytes } from "node:crypto";
import type * as z from "zod";
import { type Key, keys } from "#aws/keys.ts";
import type { Update } from "#aws/table.ts";
import { homeOf } from "#core/access/records.ts";
import { madeByOf } from "#core/accounts/maker.ts";
import type { DeliveryDeps } from "#core/attempts/deps.ts";
import { hookRecord } from "#core/attempts/records.ts";
import { checkFolders } from "#core/files/check-folders.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inLookupPlace } from "#core/kernel/in-lookup-place.ts";
import { iso } from "#core/kernel/time.ts";
import { newEpoch } from "#core/turns/endpoint-epoch.ts";
import { checkDestination } from "./check-destination.ts";
import {
  MAX_ENDPOINTS,
  MAX_ORGANIZATION_ENDPOINTS,
  type registerWebhookRoute,
  type Webhook,
} from "./contract.ts";
import { requireHostAllowed } from "./host-allowed.ts";
import { mayHaveHooks } from "./may-have-hooks.ts";
import { pingWrite, sendPing } from "./ping-endpoint.ts";
import { webhookView } from "./webhook-view.ts";

type Request = z.output<typeof registerWebhookRoute.body>;
type Registered = Webhook & { secret: string };

/** `whsec_` and the base64 of 32 random bytes. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** Where is told how an endpoint of this caller's fares. */
function toldIn(caller: Caller): string {
  return caller.default_workspace ?? caller.rights.grants[0]?.workspace_id ?? homeOf(caller);
}

/** One endpoint more, where there is room for it. @throws WharfError endpoint_limit */
function countedUp(key: Key, whose: string, most: number): Update {
  return {
    key,
    update: { add: { endpoints: 1 } },
    condition: "attribute_not_exists(#endpoints) OR #endpoints < :most",
    values: { most },
    else: () =>
      new WharfError(
        "endpoint_limit",
        `${whose} has ${most} endpoints, and more it can't have. Delete one that is not needed.`,
        { max_endpoints: most },
      ),
  };
}

/** An endpoint without folders hears of all for which its maker may have webhooks. @throws WharfError forbidden where that is nothing */
async function requireHooks(deps: TableDeps, { caller, decided }: Call): Promise<void> {
  decided?.();
  if (await mayHaveHooks(deps, caller)) return;
  throw new WharfError(
    "forbidden",
    "Nothing was granted to you for which you may have webhooks: that is a manager's right. GET /v1/me shows what you may do where; GET /v1/events tells what happens there too.",
    { required_action: "hooks", required_scopes: ["webhooks:write"] },
  );
}

/**
 * Registers an endpoint, has it pinged, and shows its secret, this once.
 *
 * @throws WharfError invalid_url, egress_blocked; policy_denied; invalid_request for unknown folders; endpoint_limit where the client has 100
 * already; as `inLookupPlace`.
 */
export async function registerWebhook(
  deps: Pick<DeliveryDeps, "table" | "now" | "outbound" | "queues"> & Pick<Deps, "config">,
  call: Call,
  request: Request,
): Promise<Registered> {
  await requireHostAllowed(deps, call.caller, homeOf(call.caller), request.url);
  await inLookupPlace(deps, call.caller, checkDestination(deps.outbound.guard, request.url));
  await checkFolders(deps, call, request.folders);
  if (request.folders.length === 0) await requireHooks(deps, call);
  const { id: client_id } = call.caller;
  const organization = homeOf(call.caller);
  const now = deps.now();
  const { secret = newWebhookSecret(), ...rest } = request;
  const owned = { webhook_id: newId("hook", now), client_id, workspace_id: toldIn(call.caller) };
  const { ping, write } = pingWrite(now, call, owned);
  const hook = hookRecord.parse({
    ...rest,
    ...owned,
    organization_id: organization,
    scopes: [...call.caller.scopes],
    made_by: madeByOf(call.caller),
    ping_id: ping.delivery_id,
    epoch: newEpoch(),
    created_at: iso(now),
    updated_at: iso(now),
  });
  const { webhook_id } = hook;
  const registered = { ...webhookView(hook, {}), secret };
  await deps.table.transact([
    countedUp(keys.hookCount(client_id), "This client", MAX_ENDPOINTS),
    countedUp(keys.organizationHookCount(organization), "The organization", MAX_ORGANIZATION_ENDPOINTS),
    { put: { ...keys.hook(webhook_id), ...hook }, condition: "attribute_not_exists(#pk)" },
    { put: { ...keys.hookSecret(webhook_id), current: secret }, condition: "attribute_not_exists(#pk)" },
    {
      put: { ...keys.hookState(webhook_id), webhook_id, epoch: hook.epoch },
      condition: "attribute_not_exists(#pk)",
    },
    write,
    ...call.record(registered),
  ]);
  await sendPing(deps, ping);
  return registered;
}
