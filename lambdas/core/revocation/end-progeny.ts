/** What ends with the client or key that made it: keys, clients, secrets, grants, invitations and transfers. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import type { Item } from "#aws/table.ts";
import { wasKept } from "#core/access/organization-now.ts";
import { grantRecord } from "#core/access/records.ts";
import { organizationNow } from "#core/access/standing.ts";
import { changeClient } from "#core/accounts/client-secrets.ts";
import { homeOf, organizationOf, secretId } from "#core/accounts/find-client.ts";
import { clientRecord, keyRecord } from "#core/accounts/records.ts";
import { endGrant } from "#core/grants/end-grant.ts";
import { folderOf, spotKey, spotOf } from "#core/grants/spot.ts";
import { endInvitation } from "#core/invitations/end-invitation.ts";
import { stateOf } from "#core/invitations/invitation-view.ts";
import { invitationRecord } from "#core/invitations/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { endWrites, revoked } from "#core/transfers/end-transfer.ts";
import { transferRecord } from "#core/transfers/records.ts";
import { stateOf as stateOfTransfer } from "#core/transfers/transfer-view.ts";
import { clientEndWrites, type EndedBy } from "./client-ends.ts";
import type { Ended } from "./contract.ts";
import { keyEndWrites } from "./key-ends.ts";
import { newRevocation, type Revocation } from "./records.ts";

const PARALLEL = 4;

/** See `makerWrites`. */
const made = z.object({ made: z.string(), holder: z.string().optional() });
type Made = z.infer<typeof made>;

/** What of one kind has ended: nothing where it had already. `job`: what that has left is to end too. */
interface One {
  kind: keyof Ended;
  job?: Revocation | undefined;
}

/**
 * Ends what a client or key has made, page by page. What those have made themselves, and hold, is another job each,
 * which the sweep does where nobody else has.
 */
export async function endProgeny(
  deps: DueDeps,
  maker: string,
): Promise<{ ended: (keyof Ended)[]; jobs: Revocation[]; failures: number }> {
  const ended: (keyof Ended)[] = [];
  const jobs: Revocation[] = [];
  let failures = 0;
  let after: Item | undefined;
  do {
    const { items, next } = await deps.table.query({
      where: "#pk = :pk",
      values: { pk: keys.progeny(maker, "").pk },
      after,
    });
    const done = await inParallel(items, PARALLEL, (item) => endOne(deps, maker, made.parse(item)));
    for (const one of done) {
      if (one === "failed") failures += 1;
      if (one === undefined || one === "failed") continue;
      ended.push(one.kind);
      if (one.job !== undefined) jobs.push(one.job);
    }
    after = next;
  } while (after !== undefined && deps.timeLeft?.() !== false);
  return { ended, jobs, failures };
}

/** One that can't be ended keeps no other. */
async function endOne(deps: DueDeps, maker: string, one: Made): Promise<One | undefined | "failed"> {
  const by: EndedBy = { actor: { type: "system", id: "revocation" }, request_id: `revoke-${maker}` };
  const [kind] = one.made.split("_");
  try {
    if (kind === "key") return await endMadeKey(deps, one, by);
    if (kind === "cli") return await endMadeClient(deps, one.made, by);
    if (kind === "sec") return await endMadeSecret(deps, one);
    if (kind === "grt") return await endMadeGrant(deps, one.made, by);
    if (kind === "inv") return await endMadeInvitation(deps, one.made, by);
    if (kind === "trf") return await endMadeTransfer(deps, one.made, by);
    return undefined;
  } catch (error) {
    say("error", "what a revoked client or key has made could not be ended", {
      ...{ made: one.made, error: describe(error) },
    });
    return "failed";
  }
}

/** Whether its organization was handed over since, and it was kept then. */
async function isKept(
  deps: DueDeps,
  organization: string | undefined,
  made: string,
  holder?: string,
): Promise<boolean> {
  if (organization === undefined) return false;
  return wasKept(made, holder, await organizationNow(deps, {}, organization));
}

async function endMadeKey(
  deps: DueDeps,
  { made: id, holder = "" }: Made,
  by: EndedBy,
): Promise<One | undefined> {
  return inRounds(async () => {
    const key = await deps.table.get(keyRecord, keys.apiKey(holder, id));
    if (key === undefined || (key.revoked_at ?? key.ended_at) !== undefined) return undefined;
    const now = deps.now();
    const { job, write } = newRevocation(now, id);
    const organization_id = await organizationOf(deps, holder);
    if (await isKept(deps, organization_id, id)) return undefined;
    await deps.table.transact([...keyEndWrites(now, key, { ...by, organization_id }), write]);
    return { kind: "keys", job };
  }, "Others change it too.");
}

async function endMadeClient(deps: DueDeps, id: string, by: EndedBy): Promise<One | undefined> {
  return inRounds(async () => {
    const client = await deps.table.get(clientRecord, keys.client(id));
    if (client === undefined || client.revoked_at !== undefined) return undefined;
    if (await isKept(deps, homeOf(client), id)) return undefined;
    const now = deps.now();
    const { job, write } = newRevocation(now, id);
    await deps.table.transact([
      ...(await clientEndWrites(deps, now, client, { ...by, lastOwner: "ends" })),
      write,
    ]);
    return { kind: "clients", job };
  }, "Others change it too.");
}

async function endMadeSecret(deps: DueDeps, { made: id, holder = "" }: Made): Promise<One | undefined> {
  if (await isKept(deps, await organizationOf(deps, holder), id, holder)) return undefined;
  let ends = false;
  await changeClient(deps, holder, ({ secrets }) => {
    const left = secrets.filter((secret) => secretId(secret) !== id);
    ends = left.length < secrets.length;
    return ends ? { secrets: left } : undefined;
  });
  return ends ? { kind: "secrets" } : undefined;
}

async function endMadeGrant(deps: DueDeps, id: string, by: EndedBy): Promise<One | undefined> {
  return inRounds(async () => {
    const grant = await deps.table.get(grantRecord, keys.grant(id));
    if (grant === undefined || grant.ended_at !== undefined) return undefined;
    if (await isKept(deps, grant.organization_id, id, grant.principal_id)) return undefined;
    const spot = spotOf(await deps.table.batchGet([spotKey(grant.on)]), grant.on, grant.principal_id);
    await endGrant(deps, grant, { reason: "revoked", ...by, folder_id: spot && folderOf(spot) });
    return { kind: "grants" };
  }, "Others change it too.");
}

async function endMadeInvitation(deps: DueDeps, id: string, by: EndedBy): Promise<One | undefined> {
  return inRounds(async () => {
    const invitation = await deps.table.get(invitationRecord, keys.invitation(id));
    if (invitation === undefined || stateOf(deps.now(), invitation) !== "pending") return undefined;
    await endInvitation(deps, invitation, { reason: "revoked", ...by });
    return { kind: "invitations" };
  }, "Others change it too.");
}

async function endMadeTransfer(deps: DueDeps, id: string, by: EndedBy): Promise<One | undefined> {
  return inRounds(async () => {
    const transfer = await deps.table.get(transferRecord, keys.transfer(id));
    const now = deps.now();
    if (transfer === undefined || stateOfTransfer(now, transfer) !== "pending") return undefined;
    await deps.table.transact([...endWrites(now, transfer), revoked(now, transfer, by)]);
    return { kind: "transfers" };
  }, "Others change it too.");
}
