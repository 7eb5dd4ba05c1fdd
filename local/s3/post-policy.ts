/** POST policies: the signed document that says what a browser's form may upload. */
import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { refusalsOf } from "../refusals.ts";
import { ALGORITHM, parseAmzDate, sign, signingKey } from "../sigv4.ts";
import type { Principal } from "../types.ts";
import { invalidArgument, s3Error } from "./errors.ts";

interface Credentials {
  secret: string;
  principal: Principal;
  /** Of temporary keys, epoch ms. */
  expiresAt?: number | undefined;
}
/** Finds the secret of an access key; temporary keys are valid only with their session token. */
export type SecretLookup = (accessKeyId: string, sessionToken: string | undefined) => Credentials | undefined;

export interface LengthRange {
  /** Bytes. */
  min: number;
  max: number;
}

interface FieldRule {
  operator: string;
  /** Lower case, without `$`. */
  field: string;
  value: string;
}

const SIMPLE = "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.";

const isSimple = (equal: Record<string, string>) => Object.keys(equal).length === 1;

const count = z.coerce.number().int().nonnegative();
const conditionSchema = z.union([
  z
    .tuple([z.literal("content-length-range"), count, count])
    .transform(([, min, max]) => ({ range: { min, max }, rules: [] })),
  z.tuple([z.string(), z.string(), z.string()]).transform(([operator, field, value]) => ({
    range: undefined,
    rules: [{ operator: operator.toLowerCase(), field: field.replace(/^\$/, "").toLowerCase(), value }],
  })),
  z
    .record(z.string(), z.string())
    .refine(isSimple, { message: SIMPLE })
    .transform((equal) => ({
      range: undefined,
      rules: Object.entries(equal).map(([field, value]) => ({
        operator: "eq",
        field: field.toLowerCase(),
        value,
      })),
    })),
]);

const policySchema = z.object({
  // S3: "in ISO8601 GMT date format".
  expiration: z.iso.datetime().transform((text) => Date.parse(text)),
  conditions: z.array(conditionSchema),
});

/**
 * Checks the signature of a form's policy and returns who signed it.
 * Source: Amazon S3 API Reference, "Browser-Based Uploads Using POST (AWS Signature Version 4)".
 * @param now epoch ms
 * @throws AwsError `AccessDenied`, `InvalidAccessKeyId`, `SignatureDoesNotMatch`, `InvalidArgument`, `ExpiredToken`
 */
export function verifyPostSignature(
  fields: ReadonlyMap<string, string>,
  { secretFor, region: here, now }: { secretFor: SecretLookup; region: string; now: number },
): Principal {
  const policy = fields.get("policy");
  if (policy === undefined) throw s3Error("AccessDenied");
  const credential = fields.get("x-amz-credential") ?? "";
  const [accessKeyId = "", ...scope] = credential.split("/");
  const signature = fields.get("x-amz-signature");
  if (fields.get("x-amz-algorithm") !== ALGORITHM || signature === undefined || scope.length !== 4) {
    const message =
      "Bucket POST must contain a field named 'X-Amz-Credential' of the form <key>/<date>/<region>/s3/aws4_request, 'X-Amz-Algorithm' AWS4-HMAC-SHA256 and 'X-Amz-Signature'.";
    throw invalidArgument(message, "X-Amz-Credential", credential);
  }
  const [day = "", region = "", service = "", end] = scope;
  const date = fields.get("x-amz-date") ?? "";
  // "It is the same date you used in creating the signing key" (the same, "Form Fields", x-amz-date).
  if (parseAmzDate(date) === undefined || !date.startsWith(`${day}T`)) {
    const message =
      "Bucket POST must contain a field named 'X-Amz-Date', of the form YYYYMMDDTHHMMSSZ and of the date in 'X-Amz-Credential'.";
    throw invalidArgument(message, "X-Amz-Date", date);
  }
  if (region !== here || service !== "s3" || end !== "aws4_request") {
    const message = `The credential is mal-formed; expecting <key>/<date>/${here}/s3/aws4_request.`;
    throw invalidArgument(message, "X-Amz-Credential", credential);
  }
  const known = secretFor(accessKeyId, fields.get("x-amz-security-token"));
  if (!known) throw s3Error("InvalidAccessKeyId", { AWSAccessKeyId: accessKeyId });
  const expected = Buffer.from(sign(signingKey(known.secret, day, region, service), policy));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw s3Error("SignatureDoesNotMatch", { AWSAccessKeyId: accessKeyId, StringToSign: policy });
  }
  if (known.expiresAt !== undefined && now >= known.expiresAt) throw refusalsOf("s3").expiredToken();
  return known.principal;
}

const denied = (reason: string) =>
  s3Error("AccessDenied", { message: `Invalid according to Policy: ${reason}` });

function parsePolicy(encoded: string): z.infer<typeof policySchema> {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
  } catch (cause) {
    throw Object.assign(s3Error("InvalidPolicyDocument"), { cause });
  }
  const parsed = policySchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const isSimplest = JSON.stringify(parsed.error.issues).includes(SIMPLE);
  const why = isSimplest ? SIMPLE : "Invalid Policy document.";
  throw s3Error("InvalidPolicyDocument", { message: `Invalid Policy: ${why}` });
}

/**
 * "Each form field that you specify in a form (except x-amz-signature, file, policy, and field names that have an
 * x-ignore- prefix) must appear in the list of conditions" (the same, "POST Policy").
 */
const FREE = new Set(["x-amz-signature", "file", "policy"]);

function holds({ operator, field, value }: FieldRule, fields: ReadonlyMap<string, string>): boolean {
  const actual = fields.get(field) ?? "";
  if (operator === "eq") return actual === value;
  return operator === "starts-with" && actual.startsWith(value);
}

const narrower = (a: LengthRange, b: LengthRange): LengthRange => ({
  min: Math.max(a.min, b.min),
  max: Math.min(a.max, b.max),
});

/**
 * Checks a form against its policy: expiry, every condition, and no field that the policy doesn't mention.
 * @param fields by lower-case name; `key` with its `${filename}` filled in, and `bucket`
 * @param now epoch ms
 * @returns how long the file may be
 * @throws AwsError `AccessDenied` "Invalid according to Policy: …", `InvalidPolicyDocument`
 */
export function checkPostPolicy(fields: ReadonlyMap<string, string>, now: number): LengthRange {
  const policy = parsePolicy(fields.get("policy") ?? "");
  if (policy.expiration <= now) throw denied("Policy expired.");
  let range: LengthRange = { min: 0, max: Number.POSITIVE_INFINITY };
  // The bucket too, which no field says: "Extra input fields: bucket" (aws/aws-sdk-php#3292).
  const mentioned = new Set<string>();
  for (const condition of policy.conditions) {
    if (condition.range) range = narrower(range, condition.range);
    for (const rule of condition.rules) {
      mentioned.add(rule.field);
      if (holds(rule, fields)) continue;
      throw denied(`Policy Condition failed: ["${rule.operator}", "$${rule.field}", "${rule.value}"]`);
    }
  }
  const extra = [...fields.keys()].filter(
    (field) => !FREE.has(field) && !field.startsWith("x-ignore-") && !mentioned.has(field),
  );
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(", ")}`);
  return range;
}
