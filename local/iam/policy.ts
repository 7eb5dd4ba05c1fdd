/** Reads policy documents and says what their statements apply to. */
import { z } from "zod";
import { globMatches } from "../glob.ts";
import type { ConditionContext, Principal } from "../types.ts";
import { ACCOUNT } from "../types.ts";
import type { Condition } from "./conditions.ts";
import { holds, parseConditions } from "./conditions.ts";
import { arnMatches, substitute } from "./pattern.ts";

/** A policy document with its intrinsic functions resolved. */
export type PolicyDocument = { Statement: unknown; Version?: string; Id?: string };

export interface Statement {
  sid: string | undefined;
  effect: "Allow" | "Deny";
  actions: string[] | undefined;
  notActions: string[] | undefined;
  resources: string[] | undefined;
  notResources: string[] | undefined;
  principals: Principals | undefined;
  notPrincipals: Principals | undefined;
  conditions: Condition[];
}

type Principals = "*" | { AWS: string[]; Service: string[] };

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const who = z.union([
  z.literal("*"),
  z
    .strictObject({ AWS: texts.optional(), Service: texts.optional() })
    .transform(({ AWS = [], Service = [] }) => ({ AWS, Service })),
]);
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Action: texts.optional(),
  NotAction: texts.optional(),
  Resource: texts.optional(),
  NotResource: texts.optional(),
  Principal: who.optional(),
  NotPrincipal: who.optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.union([scalar, z.array(scalar)]))).optional(),
});
const document = z.strictObject({
  Version: z.enum(["2012-10-17", "2008-10-17"]).optional(),
  Id: z.string().optional(),
  Statement: z.preprocess((value) => [value].flat(), z.array(statement)),
});

/**
 * Parses a policy document.
 *
 * @param kind identity policies name resources, resource policies name principals.
 * @param where names the policy in errors.
 * @throws when an element, operator or key is unknown: a rule half understood is worse than none.
 */
export function parsePolicy(policy: unknown, kind: "identity" | "resource", where: string): Statement[] {
  const parsed = document.safeParse(policy);
  if (!parsed.success) throw new Error(`${where}: ${z.prettifyError(parsed.error)}`);
  return parsed.data.Statement.map((raw, index) => {
    const at = `${where}, statement ${index}`;
    const exactlyOne = (a: unknown, b: unknown) => (a === undefined) !== (b === undefined);
    if (!exactlyOne(raw.Action, raw.NotAction)) throw new Error(`${at} needs Action or NotAction.`);
    if (kind === "identity" && (raw.Principal ?? raw.NotPrincipal) !== undefined) {
      throw new Error(`${at}: a policy of a role names no principal.`);
    }
    if (kind === "resource" && !exactlyOne(raw.Principal, raw.NotPrincipal)) {
      throw new Error(`${at} needs Principal or NotPrincipal.`);
    }
    if (!exactlyOne(raw.Resource, raw.NotResource)) throw new Error(`${at} needs Resource or NotResource.`);
    return {
      sid: raw.Sid,
      effect: raw.Effect,
      actions: raw.Action,
      notActions: raw.NotAction,
      resources: raw.Resource,
      notResources: raw.NotResource,
      principals: raw.Principal,
      notPrincipals: raw.NotPrincipal,
      conditions: parseConditions(raw.Condition ?? {}, at),
    };
  });
}

/** Tells whether a statement speaks of this call. */
export function applies(
  statement: Statement,
  call: { principal: Principal | null; roleArn: string | undefined; action: string; resource: string },
  context: ConditionContext,
): boolean {
  const action = (pattern: string) => globMatches(pattern, call.action, { ignoreCase: true });
  const resource = (pattern: string) => resourceFits(pattern, call.resource, context);
  const principal = (list: Principals) => principalFits(list, call.principal, call.roleArn);
  return (
    (statement.actions?.some(action) ?? !statement.notActions?.some(action)) &&
    (statement.resources?.some(resource) ?? !statement.notResources?.some(resource)) &&
    (statement.principals === undefined || principal(statement.principals)) &&
    (statement.notPrincipals === undefined || !principal(statement.notPrincipals)) &&
    statement.conditions.every((condition) => holds(condition, context))
  );
}

/** Tells whether a pattern of `Resource` covers an ARN. */
export function resourceFits(pattern: string, resource: string, context: ConditionContext): boolean {
  const resolved = substitute(pattern, context);
  return resolved !== undefined && arnMatches(resolved, resource);
}

function principalFits(list: Principals, principal: Principal | null, roleArn: string | undefined): boolean {
  if (list === "*" || list.AWS.includes("*")) return true;
  if (principal === null) return false;
  if (principal.kind === "service") return list.Service.includes(principal.arn);
  return list.AWS.some(
    (name) => name === principal.arn || name === roleArn || name === ACCOUNT || name === ROOT,
  );
}

const ROOT = `arn:aws:iam::${ACCOUNT}:root`;

/**
 * Tells whether a resource policy's statement grants by itself. One that names the whole account only leaves the
 * decision to the account's own policies.
 */
export function grantsDirectly(
  statement: Statement,
  principal: Principal | null,
  roleArn: string | undefined,
): boolean {
  const { principals } = statement;
  if (principals === undefined || principals === "*" || principals.AWS.includes("*")) return true;
  if (principal === null) return false;
  if (principal.kind === "service") return principals.Service.includes(principal.arn);
  return principals.AWS.some((name) => name === principal.arn || name === roleArn);
}
