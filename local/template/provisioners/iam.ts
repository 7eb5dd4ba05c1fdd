import { z } from "zod";
import type { Iam } from "../../iam/iam.ts";
import type { PolicyDocument } from "../../iam/policy.ts";
import { ACCOUNT } from "../../types.ts";
import { documentSchema, inert, type Provisioners, parseProperties, physicalName } from "../resource.ts";

const trustSchema = z.strictObject({
  Version: inert,
  Statement: z.array(
    z.strictObject({
      Action: z.literal("sts:AssumeRole"),
      Effect: z.literal("Allow"),
      Principal: z.strictObject({ Service: z.union([z.string(), z.array(z.string())]) }),
    }),
  ),
});

const roleSchema = z.strictObject({
  RoleName: z.string().optional(),
  AssumeRolePolicyDocument: trustSchema,
  ManagedPolicyArns: z.array(z.string()).default([]),
  Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: documentSchema })).default([]),
  Path: z.literal("/").optional(),
  Description: inert,
  MaxSessionDuration: inert,
  Tags: inert,
});

const policySchema = z.strictObject({
  PolicyName: z.string(),
  PolicyDocument: documentSchema,
  Roles: z.array(z.string()),
});

const managedPolicySchema = z.strictObject({
  ManagedPolicyName: z.string().optional(),
  PolicyDocument: documentSchema,
  Roles: z.array(z.string()).default([]),
  Path: z.literal("/").optional(),
  Description: inert,
});

export interface LambdaRole {
  /** Id in the template, by which IAM knows the role. */
  logicalId: string;
  name: string;
  arn: string;
  inlinePolicies: Record<string, PolicyDocument>;
  managedArns: string[];
}

/**
 * Roles that Lambda may assume, with their policies; roles of other services exist by name only, since nothing
 * acts by them here. `roles` is filled by ARN.
 */
export function iamResources(iam: Iam, roles: Map<string, LambdaRole>): Provisioners {
  const byName = new Map<string, LambdaRole>();

  function attach(roleNames: string[], policyName: string, document: PolicyDocument) {
    for (const name of roleNames) {
      const role = byName.get(name);
      if (!role) continue;
      role.inlinePolicies[policyName] = document;
      iam.putRole(role.logicalId, role);
    }
  }

  return {
    "AWS::IAM::Role": (resource) => {
      const properties = parseProperties(roleSchema, resource);
      const name = properties.RoleName ?? physicalName(resource, 64);
      const arn = `arn:aws:iam::${ACCOUNT}:role/${name}`;
      const trusted = properties.AssumeRolePolicyDocument.Statement.flatMap(
        ({ Principal }) => Principal.Service,
      );
      if (trusted.includes("lambda.amazonaws.com")) {
        const role: LambdaRole = {
          logicalId: resource.logicalId,
          name,
          arn,
          inlinePolicies: Object.fromEntries(
            properties.Policies.map((policy) => [policy.PolicyName, policy.PolicyDocument]),
          ),
          managedArns: properties.ManagedPolicyArns,
        };
        roles.set(arn, role);
        byName.set(name, role);
        iam.putRole(role.logicalId, role);
      }
      return {
        ref: name,
        attributes: { Arn: arn, RoleId: `AROA${resource.logicalId.toUpperCase().slice(0, 17)}` },
      };
    },
    "AWS::IAM::Policy": (resource) => {
      const { PolicyName, PolicyDocument, Roles } = parseProperties(policySchema, resource);
      attach(Roles, PolicyName, PolicyDocument);
      return { ref: PolicyName };
    },
    "AWS::IAM::ManagedPolicy": (resource) => {
      const properties = parseProperties(managedPolicySchema, resource);
      const name = properties.ManagedPolicyName ?? physicalName(resource, 128);
      attach(properties.Roles, name, properties.PolicyDocument);
      return { ref: `arn:aws:iam::${ACCOUNT}:policy/${name}` };
    },
  };
}
