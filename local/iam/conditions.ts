/** Condition operators of policies, as in the IAM User Guide, "IAM JSON policy elements: Condition operators". */
import { BlockList, isIPv6 } from "node:net";
import { globMatches } from "../glob.ts";
import type { ConditionContext } from "../types.ts";
import { arnMatches, substitute } from "./pattern.ts";

/** One line of a `Condition` block. */
export interface Condition {
  operator: string;
  /** Lower case. */
  key: string;
  values: string[];
}

type Test = (given: string, wanted: string) => boolean;

const equals: Test = (given, wanted) => given === wanted;
const equalsIgnoreCase: Test = (given, wanted) => given.toLowerCase() === wanted.toLowerCase();
const like: Test = (given, wanted) => globMatches(wanted, given);
const arnLike: Test = (given, wanted) => arnMatches(wanted, given);
const numeric =
  (test: (a: number, b: number) => boolean): Test =>
  (given, wanted) =>
    test(Number(given), Number(wanted));
const date =
  (test: (a: number, b: number) => boolean): Test =>
  (given, wanted) =>
    test(toTime(given), toTime(wanted));

const eq = (a: number, b: number) => a === b;
const lt = (a: number, b: number) => a < b;
const lte = (a: number, b: number) => a <= b;
const gt = (a: number, b: number) => a > b;
const gte = (a: number, b: number) => a >= b;

/** The test of each operator, and whether the operator is the negation of that test. */
const OPERATORS: Record<string, { test: Test; negated?: true }> = {
  StringEquals: { test: equals },
  StringNotEquals: { test: equals, negated: true },
  StringEqualsIgnoreCase: { test: equalsIgnoreCase },
  StringNotEqualsIgnoreCase: { test: equalsIgnoreCase, negated: true },
  StringLike: { test: like },
  StringNotLike: { test: like, negated: true },
  // AWS: ArnEquals and ArnLike behave identically.
  ArnEquals: { test: arnLike },
  ArnLike: { test: arnLike },
  ArnNotEquals: { test: arnLike, negated: true },
  ArnNotLike: { test: arnLike, negated: true },
  NumericEquals: { test: numeric(eq) },
  NumericNotEquals: { test: numeric(eq), negated: true },
  NumericLessThan: { test: numeric(lt) },
  NumericLessThanEquals: { test: numeric(lte) },
  NumericGreaterThan: { test: numeric(gt) },
  NumericGreaterThanEquals: { test: numeric(gte) },
  DateEquals: { test: date(eq) },
  DateNotEquals: { test: date(eq), negated: true },
  DateLessThan: { test: date(lt) },
  DateLessThanEquals: { test: date(lte) },
  DateGreaterThan: { test: date(gt) },
  DateGreaterThanEquals: { test: date(gte) },
  Bool: { test: equalsIgnoreCase },
  IpAddress: { test: inRange },
  NotIpAddress: { test: inRange, negated: true },
};

/** Keys that the local cloud gives, or that AWS gives and a laptop rightly lacks. */
const KEYS = new Set([
  "aws:currenttime",
  "aws:epochtime",
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalisawsservice",
  "aws:principalservicename",
  "aws:principaltype",
  "aws:referer",
  "aws:requestedregion",
  "aws:resourceaccount",
  "aws:securetransport",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceip",
  "aws:useragent",
  "dynamodb:enclosingoperation",
  "dynamodb:leadingkeys",
  "s3:authtype",
  "s3:delimiter",
  "s3:if-match",
  "s3:if-none-match",
  "s3:max-keys",
  "s3:objectcreationoperation",
  "s3:prefix",
  "s3:signatureversion",
  "s3:x-amz-acl",
  "s3:x-amz-content-sha256",
  "s3:x-amz-copy-source",
  "s3:x-amz-metadata-directive",
  "s3:x-amz-server-side-encryption",
  "s3:x-amz-storage-class",
  // Of the TLS connection: plain HTTP on loopback has none, so a condition on it compares with nothing.
  "s3:tlsversion",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:viaawsservice",
  "aws:calledvia",
]);

/** Reads a `Condition` block; throws on an operator or key that the local cloud could not decide. */
export function parseConditions(block: Record<string, Record<string, unknown>>, where: string): Condition[] {
  return Object.entries(block).flatMap(([operator, lines]) => {
    if (!isOperator(operator)) {
      throw new Error(`${where}: the condition operator ${operator} is not known to the local cloud.`);
    }
    return Object.entries(lines).map(([name, value]) => {
      const key = name.toLowerCase();
      if (!KEYS.has(key) && !key.startsWith("aws:principaltag/")) {
        throw new Error(`${where}: the condition key ${name} is not known to the local cloud.`);
      }
      return { operator, key, values: (Array.isArray(value) ? value : [value]).map(String) };
    });
  });
}

function isOperator(operator: string): boolean {
  const { name } = split(operator);
  return name === "Null" || Object.hasOwn(OPERATORS, name);
}

/** Tells whether a condition holds for a call. */
export function holds(condition: Condition, context: ConditionContext): boolean {
  const { quantifier, name, ifExists } = split(condition.operator);
  // IAM User Guide, "Set operators for multi-valued context keys": an empty set is a key that isn't there.
  const found = context[condition.key]?.length === 0 ? undefined : context[condition.key];
  if (name === "Null") return condition.values.includes(String(found === undefined));
  const operator = OPERATORS[name];
  if (!operator) throw new Error(`No operator ${name}.`);
  const given = found === undefined ? [] : typeof found === "string" ? [found] : found;
  const wanted = condition.values.map((value) => substitute(value, context));
  const fits = (value: string) =>
    wanted.some((pattern) => pattern !== undefined && operator.test(value, pattern));
  const passes = (value: string) => fits(value) !== (operator.negated ?? false);

  if (given.length === 0) {
    if (quantifier === "ForAnyValue") return ifExists;
    // Nothing is not equal to anything, and all of nothing fits everything.
    return ifExists || quantifier === "ForAllValues" || (operator.negated ?? false);
  }
  if (quantifier === "ForAllValues") return given.every(passes);
  if (quantifier === "ForAnyValue") return given.some(passes);
  return operator.negated ? given.every(passes) : given.some(passes);
}

function split(operator: string): { quantifier: string | undefined; name: string; ifExists: boolean } {
  const match = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(operator);
  return { quantifier: match?.[1], name: match?.[2] ?? "", ifExists: match?.[3] !== undefined };
}

function toTime(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function inRange(given: string, wanted: string): boolean {
  const [address = "", prefix] = wanted.split("/");
  const family = (ip: string) => (isIPv6(ip) ? "ipv6" : "ipv4");
  const list = new BlockList();
  if (prefix === undefined) list.addAddress(address, family(address));
  else list.addSubnet(address, Number(prefix), family(address));
  return list.check(given, family(given));
}
