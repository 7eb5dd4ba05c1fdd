import { authorize } from "#core/access/authorize.ts";
import { authorizeOrganization } from "#core/access/authorize-organization.ts";
import { toldFinding } from "#core/access/enforce.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Policy } from "#core/policy/contract.ts";
import { effective } from "#core/policy/effective.ts";
import { judge } from "#core/policy/judge.ts";
import type { Act } from "#core/policy/rule.ts";
import type { Asked } from "./contract.ts";
import { findPolicy } from "./find-policy.ts";

interface Question {
  workspace?: string | undefined;
  organization?: string | undefined;
  act: Asked;
  policy?: Policy | undefined;
}

/**
 * What a policy would make of an act, by the judgement that the act itself asks.
 *
 * @throws WharfError not_found, forbidden, conflict as of what is in the workspace or organization
 */
export async function evaluatePolicy(deps: TableDeps, call: Call, question: Question) {
  const { workspace, act, policy } = question;
  const of = workspace ?? (await authorizeOrganization(deps, call, question.organization, "rules"));
  if (workspace !== undefined)
    await authorize(
      deps,
      call,
      { workspace_id: workspace },
      {
        ...{ action: "list", scopes: ["policies:read"] },
        what: ["workspace", workspace],
      },
    );
  const found = await findPolicy(deps, of);
  const [above, own] =
    workspace === undefined
      ? [policy ?? found.organization?.rules, undefined]
      : [found.organization?.rules, policy ?? found.workspace?.rules];
  const { outcome, findings } = judge(effective(above, own).values, actOf(act));
  return { outcome, findings: findings.map(toldFinding) };
}

function actOf(asked: Asked): Act {
  if (asked.action === "call") return { action: "call", from: { address: asked.address }, role: asked.role };
  if (asked.action !== "upload") return asked;
  const { content_type, ...upload } = asked;
  return { ...upload, type: content_type };
}
