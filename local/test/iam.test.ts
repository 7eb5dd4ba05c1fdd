import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { globMatches } from "../glob.ts";
import { holds, parseConditions } from "../iam/conditions.ts";
import { createIam } from "../iam/iam.ts";
import { arnMatches, substitute } from "../iam/pattern.ts";
import type { PolicyDocument } from "../iam/policy.ts";
import type { ConditionContext, Principal } from "../types.ts";
import { policyCases } from "./conformance/policies.ts";

const roleArn = "arn:aws:iam::000000000000:role/ApiRole";
const role: Principal = {
  kind: "role",
  arn: "arn:aws:sts::000000000000:assumed-role/ApiRole/api",
  role: "Api",
};
const root: Principal = { kind: "root", arn: "arn:aws:iam::000000000000:root" };
const events: Principal = { kind: "service", arn: "events.amazonaws.com" };
const bucket = "arn:aws:s3:::files";

type Parts = Record<string, unknown>;
const document = (...statements: Parts[]): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: statements.map((parts) => ({ Effect: "Allow", ...parts })),
});
const allow = (Action: string | string[], Resource: string | string[] = "*", more: Parts = {}) => ({
  Action,
  Resource,
  ...more,
});

/** An account whose one role has these statements, and whose bucket has these. */
function account(identity: Parts[], resource?: Parts[]) {
  const iam = createIam();
  iam.putRole("Api", { arn: roleArn, inlinePolicies: { Inline: document(...identity) }, managedArns: [] });
  if (resource) iam.putResourcePolicy(bucket, document(...resource));
  return iam;
}

/** What the account answers: `ok`, or the end of the refusal. */
function ask(
  iam: ReturnType<typeof createIam>,
  action: string,
  resource: string,
  { principal = role, context }: { principal?: Principal | null; context?: ConditionContext } = {},
): string {
  try {
    iam.authorize(principal, action, resource, context);
    return "ok";
  } catch (error) {
    return String((error as Error).message);
  }
}

describe("actions and resources", { tags: ["iam.evaluation"] }, () => {
  test.each(policyCases)("$name", ({ statements, action, resource, allowed }) => {
    expect(ask(account([...statements]), action, resource) === "ok").toBe(allowed);
  });

  test("refusals are in AWS's words", () => {
    const object = `${bucket}/a`;
    const said = (why: string) =>
      `User: ${role.arn} is not authorized to perform: s3:GetObject on resource: "${object}" ${why}`;
    expect(ask(account([allow("s3:PutObject")]), "s3:GetObject", object)).toBe(
      said("because no identity-based policy allows the s3:GetObject action"),
    );
    expect(
      ask(account([allow("s3:*"), { ...allow("s3:Get*"), Effect: "Deny" }]), "s3:GetObject", object),
    ).toBe(said("with an explicit deny in an identity-based policy"));
    const denying = { Effect: "Deny", Principal: "*", ...allow("s3:*", `${bucket}/*`) };
    expect(ask(account([allow("s3:*")], [denying]), "s3:GetObject", object)).toBe(
      said("with an explicit deny in a resource-based policy"),
    );
    expect(ask(account([], [denying]), "s3:GetObject", object, { principal: root })).toContain(
      "explicit deny",
    );
    expect(ask(createIam(), "s3:GetObject", object)).toContain("no identity-based policy");
    expect(ask(createIam(), "s3:GetObject", object, { principal: root })).toBe("ok");
  });
});

describe("resource policies", () => {
  const object = `${bucket}/a`;
  const grant = (Principal: unknown, more: Parts = {}) => ({
    Principal,
    ...allow("s3:GetObject", `${bucket}/*`),
    ...more,
  });
  test.each<[string, unknown, Principal | null, boolean]>([
    ["everybody", "*", null, true],
    ["everybody in AWS", { AWS: "*" }, null, true],
    ["the role", { AWS: roleArn }, role, true],
    ["its session", { AWS: [role.arn] }, role, true],
    ["another role", { AWS: `${roleArn}2` }, role, false],
    ["the account, which leaves it to the role's own policies", { AWS: root.arn }, role, false],
    ["a service", { Service: "events.amazonaws.com" }, events, true],
    ["another service", { Service: "sns.amazonaws.com" }, events, false],
    ["nobody without a signature", { AWS: roleArn }, null, false],
  ])("%s", (_name, principal, caller, allowed) => {
    expect(ask(account([], [grant(principal)]), "s3:GetObject", object, { principal: caller }) === "ok").toBe(
      allowed,
    );
  });

  test("a service needs the source that the policy names", () => {
    const iam = createIam();
    const queue = "arn:aws:sqs:us-east-1:000000000000:q";
    const rule = "arn:aws:events:us-east-1:000000000000:rule/bus/r";
    iam.putResourcePolicy(
      queue,
      document({
        Principal: { Service: "events.amazonaws.com" },
        ...allow("sqs:SendMessage", queue),
        Condition: { ArnEquals: { "aws:SourceArn": rule } },
      }),
    );
    const send = (source?: string) =>
      ask(iam, "sqs:SendMessage", queue, {
        principal: events,
        ...(source && { context: { "aws:sourcearn": source } }),
      });
    expect(send(rule)).toBe("ok");
    expect(send(`${rule}2`)).toContain("no resource-based policy allows the sqs:SendMessage action");
    expect(send()).toContain("no resource-based policy");
  });

  test("a denial of plain transport or of everybody else", () => {
    const insecure = grant("*", { Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } });
    const iam = account([allow("s3:*")], [insecure]);
    expect(ask(iam, "s3:GetObject", object, { context: { "aws:securetransport": "true" } })).toBe("ok");
    expect(ask(iam, "s3:GetObject", object, { context: { "aws:securetransport": "false" } })).toContain(
      "deny",
    );
    const others = {
      ...allow("s3:*", `${bucket}/*`),
      Effect: "Deny",
      NotPrincipal: { AWS: [roleArn, root.arn] },
    };
    expect(ask(account([allow("s3:*")], [others]), "s3:GetObject", object)).toBe("ok");
  });
});

describe("conditions", { tags: ["iam.conditions"] }, () => {
  const yes = true;
  const no = false;
  test.each<[string, Record<string, unknown>, ConditionContext, boolean]>([
    ["StringEquals", { "s3:prefix": ["a", "b"] }, { "s3:prefix": "b" }, yes],
    ["StringEquals", { "s3:prefix": "a" }, { "s3:prefix": "A" }, no],
    ["StringEquals", { "s3:prefix": "a" }, {}, no],
    ["StringEqualsIfExists", { "s3:prefix": "a" }, {}, yes],
    ["StringEqualsIfExists", { "s3:prefix": "a" }, { "s3:prefix": "b" }, no],
    ["StringNotEquals", { "s3:prefix": ["a", "b"] }, { "s3:prefix": "b" }, no],
    ["StringNotEquals", { "s3:prefix": ["a", "b"] }, { "s3:prefix": "c" }, yes],
    ["StringNotEquals", { "s3:prefix": "a" }, {}, yes],
    ["StringEqualsIgnoreCase", { "s3:prefix": "a" }, { "s3:prefix": "A" }, yes],
    ["StringLike", { "s3:prefix": "o/*/x" }, { "s3:prefix": "o/1/2/x" }, yes],
    ["StringNotLike", { "s3:prefix": "o/*" }, { "s3:prefix": "o/1" }, no],
    [
      "StringLike",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
      { "s3:prefix": "${aws:PrincipalAccount}/*" },
      { "s3:prefix": "1/x", "aws:principalaccount": "1" },
      yes,
    ],
    ["ArnLike", { "aws:SourceArn": "arn:aws:s3:*:*:b" }, { "aws:sourcearn": "arn:aws:s3:::b" }, yes],
    ["ArnNotEquals", { "aws:SourceArn": "arn:aws:s3:::b" }, { "aws:sourcearn": "arn:aws:s3:::c" }, yes],
    ["Bool", { "aws:SecureTransport": false }, { "aws:securetransport": "false" }, yes],
    ["Bool", { "aws:SecureTransport": "false" }, {}, no],
    ["NumericLessThan", { "s3:TlsVersion": "1.2" }, {}, no],
    ["NumericLessThanEquals", { "s3:max-keys": "10" }, { "s3:max-keys": "9" }, yes],
    ["NumericGreaterThan", { "s3:max-keys": 10 }, { "s3:max-keys": "9" }, no],
    ["NumericNotEquals", { "s3:max-keys": 10 }, { "s3:max-keys": "9" }, yes],
    [
      "DateLessThan",
      { "aws:CurrentTime": "2030-01-01T00:00:00Z" },
      { "aws:currenttime": "2029-12-31T23:59:59Z" },
      yes,
    ],
    ["DateGreaterThan", { "aws:EpochTime": "100" }, { "aws:epochtime": "99" }, no],
    ["Null", { "s3:if-none-match": true }, {}, yes],
    ["Null", { "s3:if-none-match": "true" }, { "s3:if-none-match": "*" }, no],
    ["Null", { "s3:if-none-match": "false" }, { "s3:if-none-match": "*" }, yes],
    ["IpAddress", { "aws:SourceIp": ["10.0.0.0/8", "127.0.0.0/8"] }, { "aws:sourceip": "127.0.0.1" }, yes],
    ["IpAddress", { "aws:SourceIp": "::1/128" }, { "aws:sourceip": "::1" }, yes],
    ["NotIpAddress", { "aws:SourceIp": "127.0.0.1" }, { "aws:sourceip": "127.0.0.1" }, no],
    [
      "ForAllValues:StringLike",
      { "dynamodb:LeadingKeys": "A#*" },
      { "dynamodb:leadingkeys": ["A#1", "A#2"] },
      yes,
    ],
    [
      "ForAllValues:StringLike",
      { "dynamodb:LeadingKeys": "A#*" },
      { "dynamodb:leadingkeys": ["A#1", "B#2"] },
      no,
    ],
    ["ForAllValues:StringLike", { "dynamodb:LeadingKeys": "A#*" }, {}, yes],
    ["ForAllValues:StringLike", { "dynamodb:LeadingKeys": "A#*" }, { "dynamodb:leadingkeys": [] }, yes],
    [
      "ForAllValues:StringLike",
      { "dynamodb:LeadingKeys": ["A#*", "B"] },
      { "dynamodb:leadingkeys": ["B", "A#"] },
      yes,
    ],
    [
      "ForAllValues:StringLike",
      { "dynamodb:LeadingKeys": ["A#*", "B"] },
      { "dynamodb:leadingkeys": ["BS"] },
      no,
    ],
    ["Null", { "dynamodb:LeadingKeys": false }, { "dynamodb:leadingkeys": ["A#1"] }, yes],
    ["Null", { "dynamodb:LeadingKeys": false }, { "dynamodb:leadingkeys": [] }, no],
    ["Null", { "dynamodb:LeadingKeys": false }, {}, no],
    [
      "ForAnyValue:StringLike",
      { "dynamodb:LeadingKeys": "A#*" },
      { "dynamodb:leadingkeys": ["B", "A#2"] },
      yes,
    ],
    ["ForAnyValue:StringLike", { "dynamodb:LeadingKeys": "A#*" }, {}, no],
    ["ForAnyValue:StringLikeIfExists", { "dynamodb:LeadingKeys": "A#*" }, {}, yes],
  ])("%s %j in %j: %s", (operator, lines, context, expected) => {
    const [condition] = parseConditions({ [operator]: lines }, "test");
    if (!condition) throw new Error("no condition");
    expect(holds(condition, context)).toBe(expected);
  });
});

describe("what is not understood is refused when it is loaded", () => {
  test.each<[string, Parts, string]>([
    [
      "an operator",
      allow("s3:*", "*", { Condition: { StringSounds: { "s3:prefix": "a" } } }),
      "StringSounds",
    ],
    ["a key", allow("s3:*", "*", { Condition: { StringEquals: { "s3:mood": "a" } } }), "s3:mood"],
    ["an element", allow("s3:*", "*", { Excuse: "x" }), "Excuse"],
    ["an unresolved function", { Action: "s3:*", Resource: { Ref: "Bucket" } }, "Resource"],
    ["no action", { Resource: "*" }, "needs Action"],
    ["no resource", { Action: "s3:*" }, "needs Resource"],
    ["a principal in a role", allow("s3:*", "*", { Principal: "*" }), "names no principal"],
  ])("%s", (_name, statement, said) => {
    expect(() => account([statement])).toThrow(said);
  });

  test("a managed policy or a resource policy without principal", () => {
    const iam = createIam();
    const managedArns = ["arn:aws:iam::aws:policy/AdministratorAccess"];
    expect(() => iam.putRole("R", { arn: roleArn, inlinePolicies: {}, managedArns })).toThrow(
      "AdministratorAccess",
    );
    expect(() => iam.putResourcePolicy(bucket, document(allow("s3:*")))).toThrow("needs Principal");
  });
});

test("every grant is listed with what used it", () => {
  const iam = createIam();
  iam.putRole("Api", {
    arn: roleArn,
    inlinePolicies: {
      Default: document(allow(["s3:GetObject*", "s3:PutObject"], [`${bucket}/*`], { Sid: "Files" }), {
        ...allow("s3:DeleteObject"),
        Effect: "Deny",
      }),
    },
    managedArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
  });
  iam.authorize(role, "s3:GetObject", `${bucket}/a`);
  iam.authorize(role, "s3:GetObjectTagging", `${bucket}/a`);
  iam.authorize(role, "s3:GetObject", `${bucket}/b`);
  expect(ask(iam, "s3:DeleteObject", `${bucket}/a`)).toContain("deny");
  const common = {
    role: "Api",
    policy: "Default",
    statement: 0,
    sid: "Files",
    resource: `${bucket}/*`,
    applicable: true,
  };
  expect(iam.usage().slice(0, 2)).toEqual([
    {
      ...common,
      action: "s3:GetObject*",
      count: 3,
      actions: ["s3:GetObject", "s3:GetObjectTagging"],
      values: [],
    },
    { ...common, action: "s3:PutObject", count: 0, actions: [], values: [] },
  ]);
  expect(iam.usage().filter((grant) => grant.applicable)).toHaveLength(2);
  expect(iam.usage().find((grant) => grant.action === "logs:PutLogEvents")).toMatchObject({
    applicable: false,
  });
});

test("a grant's conditions are listed with what fitted them", () => {
  const table = "arn:aws:dynamodb:us-east-1:000000000000:table/t";
  const Condition = {
    "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["A#*", "B"] },
    Null: { "dynamodb:LeadingKeys": "false" },
  };
  const iam = account([allow("dynamodb:GetItem", table, { Condition })]);
  const get = (...keys: string[]) =>
    ask(iam, "dynamodb:GetItem", table, { context: { "dynamodb:leadingkeys": keys } });
  expect([get("A#1"), get("A#1", "A#2")]).toEqual(["ok", "ok"]);
  expect(get("A#1", "C#1")).toContain("no identity-based policy allows the dynamodb:GetItem action");
  expect(ask(iam, "dynamodb:GetItem", table)).toContain("not authorized");
  expect(iam.usage()[0]?.values).toEqual([
    { key: "dynamodb:leadingkeys", value: "A#*", count: 2 },
    { key: "dynamodb:leadingkeys", value: "B", count: 0 },
  ]);
});

test("globs match like the words they are made of", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", ".", "/", "(", "$"), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), word, (words, filler) => {
      expect(globMatches(words.join("*"), words.join(filler))).toBe(true);
      expect(globMatches(words.join("?"), words.join("x"))).toBe(true);
      expect(globMatches(words.join(""), `${words.join("")}x`)).toBe(false);
      const arn = `arn:aws:s3:::${words.join(filler)}`;
      expect(arnMatches(`arn:aws:s3:::${words.join("*")}`, arn)).toBe(true);
    }),
  );
  expect(globMatches("a?c", "abc", { starsOnly: true })).toBe(false);
  expect(globMatches("GET*", "getObject", { ignoreCase: true })).toBe(true);
  // Steps of a regular expression: text to the power of the stars.
  expect(globMatches(`${"*a".repeat(30)}b`, "a".repeat(5_000))).toBe(false);
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: policy variables
  expect(substitute("${*}${?}${$}", {})).toBe("*?$");
  expect(substitute("${aws:PrincipalTag/team, 'none'}", {})).toBe("none");
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: policy variables
});
