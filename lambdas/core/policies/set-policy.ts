import { keys } from "#aws/keys.ts";
import type { Check, Write } from "#aws/table.ts";
import { epochIn, roleIn } from "#core/access/authorize-organization.ts";
import { ensureFirstOrganization } from "#core/access/ensure-first-organization.ts";
import { policyOf } from "#core/access/organization-now.ts";
import { FIRST_ORGANIZATION, type PolicyRecord } from "#core/access/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { MAX_POLICY_BYTES, type Policy, ruleIds } from "#core/policy/contract.ts";
import { valueIn } from "#core/policy/effective.ts";
import { judge } from "#core/policy/judge.ts";
import { requireUntransferred } from "#core/workspaces/require-untransferred.ts";
import type { ShownPolicy } from "./contract.ts";
import { type Found, findPolicy } from "./find-policy.ts";
import { policyView } from "./policy-view.ts";

/** What is to hold, and what it replaces: a version, any (`*`), or whatever stands there where nothing is said. */
export interface Setting {
  of: string;
  rules: Policy;
  ifMatch?: string | undefined;
}

/** Who sets it: a caller of the API, or the deployment's administrator, who is bound by no policy. */
interface Setter extends Pick<NewEvent, "actor" | "request_id"> {
  call?: Call;
}

/**
 * Sets a policy in one transaction with its history and `policy_changed`; the same again is no change.
 *
 * @throws WharfError not_found; invalid_request for one that is too large, or that would shut its setter out;
 * policy_mismatch where another stands there; conflict where others keep changing what it stands in.
 */
export function setPolicy(deps: TableDeps, call: Call, setting: Setting): Promise<ShownPolicy> {
  return setAs(deps, { call, actor: actorOf(call.caller), request_id: call.requestId }, setting);
}

/** The same by the deployment's administrator. @throws WharfError as `setPolicy` */
export function administerPolicy(deps: TableDeps, setting: Setting): Promise<ShownPolicy> {
  const actor = { type: "system" as const, id: "administrator" };
  return setAs(deps, { actor, request_id: `set-${setting.of}` }, setting);
}

async function setAs(deps: TableDeps, by: Setter, setting: Setting): Promise<ShownPolicy> {
  requireSize(setting.rules);
  if (setting.of === FIRST_ORGANIZATION) await ensureFirstOrganization(deps);
  return inRounds(() => set(deps, by, setting), "Others change what this policy is of too; send it again.");
}

async function set(
  deps: TableDeps,
  { call, ...by }: Setter,
  { of, rules, ifMatch }: Setting,
): Promise<ShownPolicy> {
  const found = await findPolicy(deps, of);
  const was = of.startsWith("ws_") ? found.workspace : found.organization;
  requireVersion(was, ifMatch);
  const changes = changesTo(was?.rules, rules);
  if (changes.length === 0) return policyView(found);
  const now = deps.now();
  const next: PolicyRecord = {
    ...{ rules, version: (was?.version ?? 0) + 1 },
    ...{ changed_at: iso(now), changed_by: by.actor.id },
  };
  const standing = of.startsWith("ws_")
    ? { of, organization: found.organization, workspace: next }
    : { of, organization: next };
  const organization_id = found.record.organization_id;
  if (call !== undefined) requireNotShutOut(call, organization_id, standing);
  const key = of.startsWith("ws_") ? keys.workspace(of) : keys.organization(of);
  await deps.table.transact([
    {
      key,
      update: { set: { policy: next, change: newChange() } },
      ...unchanged(found.record),
    },
    ...(call === undefined ? [] : stillIts(call, found)),
    {
      put: { ...keys.policyVersion(of, next.version), ...next, changes },
      condition: "attribute_not_exists(#pk)",
    },
    eventWrite(now, {
      ...{ type: "policy_changed", organization_id, ...by },
      data: { of, version: next.version, changes },
    }),
  ] satisfies Write[]);
  return policyView(standing);
}

/** That what it is of hasn't been handed over since the call was decided. */
function stillIts(call: Call, { of, record }: Found): Check[] {
  if ("workspace_id" in record) return requireUntransferred(call, record);
  // Its own record's change says so: another's claim is one.
  if (record.epoch !== epochIn(call.caller, of)) throw notFound("organization", of);
  return [];
}

/** Fields that are set to another value, were set and aren't, or are and weren't. */
function changesTo(was: Policy | undefined, next: Policy) {
  return ruleIds.flatMap((rule) => {
    const [from, to] = [valueIn(was, rule), valueIn(next, rule)];
    return JSON.stringify(from) === JSON.stringify(to)
      ? []
      : [{ rule, from: from === undefined ? null : from, to: to === undefined ? null : to }];
  });
}

/** @throws WharfError policy_mismatch */
function requireVersion(was: PolicyRecord | undefined, ifMatch: string | undefined): void {
  const version = was?.version ?? 0;
  if (ifMatch === undefined || ifMatch === "*" || Number(ifMatch) === version) return;
  throw new WharfError(
    "policy_mismatch",
    `The policy is version ${version} by now, not ${ifMatch}. GET it, and set it upon what it is.`,
    { version },
  );
}

/** @throws WharfError invalid_request */
function requireSize(rules: Policy): void {
  const bytes = Buffer.byteLength(JSON.stringify(rules));
  if (bytes <= MAX_POLICY_BYTES) return;
  throw invalid("", `has ${bytes} bytes as JSON; ${MAX_POLICY_BYTES} are allowed: shorten its lists`);
}

/** Who sets a policy can go on by it: a typing error isn't to need the deployment's administrator. @throws WharfError invalid_request */
function requireNotShutOut(
  { caller }: Call,
  organization_id: string,
  standing: Parameters<typeof policyView>[0],
): void {
  const values = policyOf(standing.workspace, standing.organization);
  if (values === undefined || caller.from === undefined) return;
  const act = { action: "call", from: caller.from, role: roleIn(caller, organization_id) } as const;
  const [shut] = judge(values, act).findings;
  if (shut === undefined) return;
  throw invalid(
    `/${shut.rule.replace(".", "/")}`,
    `would shut you out, who call from ${caller.from.address ?? "an unknown address"}: choose what lets you in`,
  );
}

function invalid(pointer: string, detail: string): WharfError {
  return new WharfError("invalid_request", `The body is not valid. ${pointer || "The policy"}: ${detail}.`, {
    in: "body",
    errors: [{ pointer, detail }],
  });
}
