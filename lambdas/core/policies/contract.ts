/** Policies: an organization's rules, and a workspace's stricter ones. */
import * as z from "zod";
import { at, id, idOf, name, orTime, page } from "#contract/common.ts";
import { memberRole } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";
import {
  MAX_POLICY_BYTES,
  type Policy,
  policy,
  policyAsSet,
  ruleId,
  ruleIds,
} from "#core/policy/contract.ts";

const tag = "Policies";
const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const org = { id: id("org") };
const ws = { id: id("ws") };

/** Of a field: what it was and is; `null` where it was or is not set. */
export const policyChange = z
  .object({
    rule: ruleId,
    from: z.unknown().meta({ description: "What it was set to; `null`: it wasn't, or to `null`." }),
    to: z.unknown().meta({ description: "What it is set to; `null`: it isn't, or to `null`." }),
  })
  .meta({ id: "PolicyChange" });

const held = z
  .object({
    value: z.unknown().meta({ description: "What holds." }),
    from: z
      .enum(["default", "organization", "workspace"])
      .meta({ description: "Where it comes from: nobody has set it, or whose policy it is." }),
  })
  .meta({ id: "PolicyValue" });

const version = z.int().meta({ description: "How often it has been set; 0: never." });

export const shownPolicy = z
  .object({
    of: idOf("org", "ws").meta({ description: "Whose policy it is." }),
    version,
    changed_at: orTime("When it was set; `null`: never."),
    changed_by: z
      .string()
      .nullable()
      .meta({ description: "Who has set it: a client, a person, or `administrator`; `null`: nobody." }),
    policy: policyAsSet,
    effective: z.partialRecord(ruleId, held).meta({
      description:
        "What holds, field by field: in a workspace its organization's, and of its own what is stricter.",
    }),
  })
  .meta({ id: "ShownPolicy" });
export type ShownPolicy = z.infer<typeof shownPolicy>;

const policyVersion = z
  .object({
    version,
    changed_at: at("When it was set"),
    changed_by: z.string().meta({ description: "Who has set it: a client, a person, or `administrator`." }),
    policy: policyAsSet,
    changes: z.array(policyChange).meta({ description: "Each field that was another before." }),
  })
  .meta({ id: "PolicyVersion" });

const ifMatch = z
  .string()
  .regex(/^(?:\*|\d{1,9}|"\d{1,9}(?:\.[\w-]+)?")$/, {
    message: 'must be the ETag of a GET, or a version such as "3"; "0" where it was never set',
  })
  .transform((value) => value.replaceAll('"', "").split(".")[0] ?? value)
  .meta({
    description:
      "The policy that is replaced, by the `ETag` of its GET or its `version`; else 412. `*`: any.",
    example: '"3"',
  });

const example: Policy = { links: { max_ttl_seconds: 172_800, ttl_mode: "clamp" } };
const shown: ShownPolicy = {
  ...{ of: `org_${ULID}`, version: 1, changed_at: "2026-01-01T00:00:00.000Z", changed_by: `usr_${ULID}` },
  policy: example,
  effective: Object.fromEntries(
    ruleIds
      .filter((rule) => rule === "links.max_ttl_seconds")
      .map((rule) => [rule, { value: 172_800, from: "organization" as const }]),
  ) as ShownPolicy["effective"],
};
const set = {
  description: `Replaces it whole: what is left out isn't set any more. ${MAX_POLICY_BYTES} bytes of JSON at most. With \`If-Match\` it replaces the policy that was seen, and none that others have set meanwhile. It holds from the next call on.`,
  tag,
  scopes: ["policies:write"],
  headers: { "If-Match": ifMatch.optional() },
  body: policy,
  responses: { 200: { description: "The policy, which holds", schema: shownPolicy } },
  errors: ["not_found", "policy_mismatch", "conflict"],
  example: { request: example, response: shown },
} as const;
const read = { tag, scopes: ["policies:read"], errors: ["not_found"] } as const;
const history = {
  ...read,
  query: page.query,
  responses: { 200: { description: "One page", schema: page.of(policyVersion) } },
  errors: ["not_found", "invalid_cursor"],
} as const;
const seen = {
  ...read,
  responses: { 200: { description: "The policy, and what holds", schema: shownPolicy } },
  example: { response: shown },
} as const;

export const getOrganizationPolicyRoute = defineRoute({
  ...seen,
  id: "getOrganizationPolicy",
  method: "GET",
  path: "/v1/orgs/{id}/policy",
  summary: "Get an organization's policy",
  access: { organization: "rules" },
  scopes: [...seen.scopes],
  errors: [...seen.errors],
  params: org,
});

export const putOrganizationPolicyRoute = defineRoute({
  ...set,
  id: "putOrganizationPolicy",
  method: "PUT",
  path: "/v1/orgs/{id}/policy",
  summary: "Set an organization's policy",
  access: { organization: "rule" },
  scopes: [...set.scopes],
  errors: [...set.errors],
  params: org,
});

export const listOrganizationPolicyRoute = defineRoute({
  ...history,
  id: "listOrganizationPolicyVersions",
  method: "GET",
  path: "/v1/orgs/{id}/policy/versions",
  summary: "List an organization's policies as they were set, the newest first",
  access: { organization: "rules" },
  scopes: [...history.scopes],
  errors: [...history.errors],
  params: org,
});

export const getWorkspacePolicyRoute = defineRoute({
  ...seen,
  id: "getWorkspacePolicy",
  method: "GET",
  path: "/v1/workspaces/{id}/policy",
  summary: "Get a workspace's policy, and what holds there",
  access: { action: "list", on: "workspace" },
  scopes: [...seen.scopes],
  errors: [...seen.errors],
  params: ws,
});

export const putWorkspacePolicyRoute = defineRoute({
  ...set,
  id: "putWorkspacePolicy",
  method: "PUT",
  path: "/v1/workspaces/{id}/policy",
  summary: "Set a workspace's policy, which can only be stricter than its organization's",
  access: { action: "manage", on: "workspace" },
  scopes: [...set.scopes],
  errors: [...set.errors],
  params: ws,
});

export const listWorkspacePolicyRoute = defineRoute({
  ...history,
  id: "listWorkspacePolicyVersions",
  method: "GET",
  path: "/v1/workspaces/{id}/policy/versions",
  summary: "List a workspace's policies as they were set, the newest first",
  access: { action: "list", on: "workspace" },
  scopes: [...history.scopes],
  errors: [...history.errors],
  params: ws,
});

const ttl = z.int().min(1).meta({ description: "Seconds that it lives." });
/** One kind of act: `create_share` is the schema `AskedCreateShare`. */
const act = <A extends string, S extends z.ZodRawShape>(action: A, shape: S, description: string) =>
  z
    .strictObject({ action: z.literal(action).meta({ description }), ...shape })
    .meta({ id: `Asked${action.replaceAll(/(?:^|_)(.)/g, (_, first: string) => first.toUpperCase())}` });

/** What somebody asks about before it is done. */
const asked = z
  .discriminatedUnion("action", [
    act(
      "upload",
      {
        name: name.meta({ description: "What the file is called." }),
        size: z.int().min(0).optional().meta({ description: "Its bytes, where that is known." }),
        content_type: z.string().max(255).optional().meta({ description: "The type that is declared." }),
        has_checksum: z.boolean().optional().meta({ description: "Whether a checksum is sent along." }),
      },
      "A file is sent, copied or moved there.",
    ),
    act(
      "create_share",
      {
        expire_in: ttl.nullable().optional().meta({ description: "Seconds; `null`: without an end." }),
        has_password: z.boolean().optional().meta({ description: "Whether it has a password." }),
        has_max_downloads: z
          .boolean()
          .optional()
          .meta({ description: "Whether it says after how many downloads it is used up." }),
      },
      "A link is made.",
    ),
    act(
      "open_share",
      {
        is_member: z.boolean().default(false).meta({ description: "Whether whoever opens it is a member." }),
      },
      "A link is opened, by a member or by anybody.",
    ),
    act(
      "call",
      {
        address: z.union([z.ipv4(), z.ipv6()]).meta({ description: "From where." }),
        role: memberRole.optional().meta({ description: "Of who calls; none of who is no member." }),
      },
      "The API is called, by somebody from somewhere.",
    ),
    act("create_key", { ttl_seconds: ttl }, "An API key is made that lives so long."),
    act("give_role", { role: memberRole }, "Somebody gets a role in the organization."),
    act(
      "register_webhook",
      { host: z.string().min(1).max(253).meta({ description: "The host of its URL." }) },
      "An endpoint is registered.",
    ),
    act("delete", {}, "Something is deleted or purged."),
  ])
  .meta({ id: "AskedAct", description: "What would be done." });
export type Asked = z.output<typeof asked>;

const finding = z
  .object({
    kind: z.enum(["deny", "clamp", "approval"]).meta({ description: "What it makes of the act." }),
    rule: ruleId,
    limit: z.unknown().meta({ description: "What the rule is set to; `null` where that isn't told." }),
    given: z.unknown().meta({ description: "What was asked for." }),
    to: z.unknown().optional().meta({ description: "Of a clamp: what it becomes." }),
    passes: z.string().meta({ description: "What would pass." }),
  })
  .meta({ id: "PolicyFinding" });

const verdict = z
  .object({
    outcome: z.enum(["allow", "clamp", "needs_approval", "deny"]).meta({
      description: "What would become of it, as far as policies go: who may do it is another question.",
    }),
    findings: z
      .array(finding)
      .meta({ description: "What each rule says that isn't content, in their order." }),
  })
  .meta({ id: "PolicyVerdict" });

export const evaluatePolicyRoute = defineRoute({
  id: "evaluatePolicy",
  method: "POST",
  path: "/v1/policies/evaluate",
  summary: "Ask what a policy would make of something, without doing it",
  description:
    "By what holds in a workspace or an organization, or by a `policy` that is proposed there in place of its own. What the bytes are is judged when they have come.",
  tag,
  access: { action: "list", decides: "the body says where it would be done" },
  scopes: ["policies:read"],
  idempotency: "natural",
  body: z.strictObject({
    workspace: id("ws").optional().meta({ description: "Where it would be done; or `organization`." }),
    organization: id("org").optional().meta({
      description: "The organization, for what is done to no workspace. The caller's own unless said.",
    }),
    act: asked,
    policy: policy.optional().meta({ description: "Judge by this in place of the one that is set there." }),
  }),
  responses: { 200: { description: "What would become of it", schema: verdict } },
  errors: ["not_found", "conflict"],
  example: {
    request: { workspace: `ws_${ULID}`, act: { action: "create_share", expire_in: 604_800 } },
    response: {
      outcome: "clamp",
      findings: [
        {
          ...{ kind: "clamp", rule: "links.max_ttl_seconds", limit: 172_800, given: 604_800, to: 172_800 },
          passes: "Send an expire_in of 172800 or less",
        },
      ],
    },
  },
});
