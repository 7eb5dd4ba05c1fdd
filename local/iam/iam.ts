/** Decides which calls are allowed, as AWS does within one account, and remembers which grants were used. */

import { globMatches } from "../glob.ts";
import type { ConditionContext, Principal } from "../types.ts";
import { ACCOUNT, AwsError } from "../types.ts";
import type { PolicyDocument, Statement } from "./policy.ts";
import { applies, grantsDirectly, parsePolicy, resourceFits } from "./policy.ts";

interface RolePolicies {
  /** `arn:aws:iam::000000000000:role/<name>` */
  arn: string;
  /** Documents by policy name. */
  inlinePolicies: Record<string, PolicyDocument>;
  managedArns: readonly string[];
}

/** One action on one resource that a statement of a role grants, both as written in the policy. */
export interface Grant {
  role: string;
  policy: string;
  /** Index in its policy. */
  statement: number;
  sid?: string;
  action: string;
  resource: string;
  /** Calls that it let through. */
  count: number;
  /** The actions of those calls; more telling than the count where `action` has wildcards. */
  actions: string[];
  /** What its conditions let through (`CLIENT#*` of `dynamodb:leadingkeys`), and how many of those calls each fitted. */
  values: { key: string; value: string; count: number }[];
  /** False for services that the local cloud lacks (logs, metrics, traces): no call can ever use it here. */
  applicable: boolean;
}

export interface Iam {
  /** Sets a role's policies. `name` is its logical id, as in `Principal.role`. */
  putRole(name: string, policies: RolePolicies): void;
  /** Sets the policy of a bucket, queue, bus or function. */
  putResourcePolicy(arn: string, policy: PolicyDocument): void;
  /** Throws `AccessDenied` in AWS's words unless the call is allowed; `null` is somebody without a signature. */
  authorize(principal: Principal | null, action: string, resource: string, context?: ConditionContext): void;
  /** Every grant of every role, with its use since the start. */
  usage(): Grant[];
}

interface Entry {
  statement: Statement;
  grants: Grant[];
}

interface Role {
  arn: string;
  entries: Entry[];
}

/** Services that exist locally; grants of others can't be exercised. */
const SERVICES = new Set(["s3", "dynamodb", "sqs", "events", "lambda"]);

/** AWS's own policies that may be attached, by the end of their ARN. */
const MANAGED: Record<string, PolicyDocument> = {
  "service-role/AWSLambdaBasicExecutionRole": {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: "*",
    },
  },
};

/** Creates an account without roles. */
export function createIam(): Iam {
  const roles = new Map<string, Role>();
  const resourcePolicies = new Map<string, Statement[]>();

  return {
    putRole(name, { arn, inlinePolicies, managedArns }) {
      const documents = { ...inlinePolicies };
      for (const managed of managedArns) {
        const policy = MANAGED[managed.replace(/^arn:aws:iam::aws:policy\//, "")];
        if (!policy)
          throw new Error(`Role ${name}: the managed policy ${managed} is not known to the local cloud.`);
        documents[managed] = policy;
      }
      const entries = Object.entries(documents).flatMap(([policy, document]) =>
        parsePolicy(document, "identity", `Role ${name}, policy ${policy}`).map((statement, index) => ({
          statement,
          grants: statement.effect === "Allow" ? grantsOf(statement, name, policy, index) : [],
        })),
      );
      roles.set(name, { arn, entries });
    },
    putResourcePolicy(arn, policy) {
      resourcePolicies.set(arn, parsePolicy(policy, "resource", `Policy of ${arn}`));
    },
    authorize(principal, action, resource, extra = {}) {
      const role = principal?.role === undefined ? undefined : roles.get(principal.role);
      const context = { ...principalContext(principal, role), ...extra };
      const call = { principal, roleArn: role?.arn, action, resource };
      const identity = role?.entries.filter(({ statement }) => applies(statement, call, context)) ?? [];
      const onResource = policyOf(resource).filter((statement) => applies(statement, call, context));

      if (identity.some(({ statement }) => statement.effect === "Deny")) {
        throw denied(call, "with an explicit deny in an identity-based policy");
      }
      if (onResource.some(({ effect }) => effect === "Deny")) {
        throw denied(call, "with an explicit deny in a resource-based policy");
      }
      for (const grant of identity.flatMap(({ grants }) => grants)) {
        if (
          globMatches(grant.action, action, { ignoreCase: true }) &&
          resourceFits(grant.resource, resource, context)
        ) {
          use(grant, action, context);
        }
      }
      if (principal?.kind === "root" || identity.length > 0) return;
      if (onResource.some((statement) => grantsDirectly(statement, principal, role?.arn))) return;
      const kind = principal?.kind === "role" ? "identity" : "resource";
      throw denied(call, `because no ${kind}-based policy allows the ${action} action`);
    },
    usage() {
      return [...roles.values()].flatMap(({ entries }) =>
        entries.flatMap(({ grants }) => grants.map((grant) => structuredClone(grant))),
      );
    },
  };

  /** Policy of a resource; that of a bucket speaks for its objects too. */
  function policyOf(resource: string): Statement[] {
    const bucket = resource.startsWith("arn:aws:s3:::") ? resource.split("/")[0] : undefined;
    return resourcePolicies.get(bucket ?? resource) ?? [];
  }
}

/** `NotAction` and `NotResource` grant all but what they name, so they count as one grant as written. */
function grantsOf(statement: Statement, role: string, policy: string, index: number): Grant[] {
  const actions = statement.actions ?? ["*"];
  const resources = statement.resources ?? ["*"];
  return actions.flatMap((action) =>
    resources.map((resource) => ({
      role,
      policy,
      statement: index,
      ...(statement.sid !== undefined && { sid: statement.sid }),
      action,
      resource,
      count: 0,
      actions: [],
      values: statement.conditions.flatMap(({ operator, key, values }) =>
        fitsOneOf(operator) ? values.map((value) => ({ key, value, count: 0 })) : [],
      ),
      applicable: action === "*" || SERVICES.has(action.split(":")[0]?.toLowerCase() ?? ""),
    })),
  );
}

function use(grant: Grant, action: string, context: ConditionContext): void {
  grant.count++;
  if (!grant.actions.includes(action)) grant.actions.push(action);
  for (const line of grant.values) {
    if ([context[line.key] ?? []].flat().some((given) => globMatches(line.value, given))) line.count++;
  }
}

/** Whether a condition lists what it lets through. */
function fitsOneOf(operator: string): boolean {
  return /^(ForA\w+:)?String(Equals|Like)(IfExists)?$/.test(operator);
}

function principalContext(principal: Principal | null, role: Role | undefined): ConditionContext {
  if (principal === null) return { "aws:principaltype": "Anonymous", "aws:principalisawsservice": "false" };
  if (principal.kind === "service") {
    return { "aws:principalisawsservice": "true", "aws:principalservicename": principal.arn };
  }
  return {
    // AWS: for an assumed role this is the role's ARN, not the session's.
    "aws:principalarn": role?.arn ?? principal.arn,
    "aws:principalaccount": ACCOUNT,
    "aws:resourceaccount": ACCOUNT,
    "aws:principaltype": principal.kind === "root" ? "Account" : "AssumedRole",
    "aws:principalisawsservice": "false",
  };
}

function denied(
  call: { principal: Principal | null; action: string; resource: string },
  why: string,
): AwsError {
  if (call.principal === null) return new AwsError("AccessDenied", "Access Denied", 403);
  return new AwsError(
    "AccessDenied",
    `User: ${call.principal.arn} is not authorized to perform: ${call.action} on resource: "${call.resource}" ${why}`,
    403,
  );
}
