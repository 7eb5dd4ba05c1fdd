/** POST policies: the signed document that says what a browser's form may upload. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Principal } from "../types.ts";
import { invalidArgument, s3Error } from "./errors.ts";

export interface Credentials {
  secret: string;
  principal: Principal;
}
/** Finds the secret of an access key; temporary keys are valid only with their session token. */
export type SecretLookup = (accessKeyId: string, sessionToken: string | undefined) => Credentials | undefined;

const policySchema = z.object({
  expiration: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  conditions: z.array(
    z.union([
      z.tuple([z.literal("content-length-range"), z.coerce.number().int(), z.coerce.number().int()]),
      z.tuple([z.string(), z.string(), z.string()]),
      z.record(z.string(), z.string()),
    ]),
  ),
});
type Policy = z.infer<typeof policySchema>;

export interface LengthRange {
  min: number;
  max: number;
}

const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();

/** The signing key of Signature Version 4 for a day, a region and a service. */
function signingKey(secret: string, [day = "", region = "", service = ""]: string[]): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), "aws4_request");
}

/**
 * Checks the signature of a form's policy and returns who signed it.
 * Source: Amazon S3 API Reference, "Browser-Based Uploads Using POST (AWS Signature Version 4)".
 * @throws AwsError `AccessDenied`, `InvalidAccessKeyId`, `SignatureDoesNotMatch`, `InvalidArgument`
 */
export function verifyPostSignature(fields: ReadonlyMap<string, string>, secretFor: SecretLookup): Principal {
  const policy = fields.get("policy");
  if (policy === undefined) throw s3Error("AccessDenied");
  const credential = fields.get("x-amz-credential") ?? "";
  const [accessKeyId = "", ...scope] = credential.split("/");
  const signature = fields.get("x-amz-signature");
  if (fields.get("x-amz-algorithm") !== "AWS4-HMAC-SHA256" || signature === undefined || scope.length !== 4) {
    const message =
      "Bucket POST must contain a field named 'X-Amz-Credential' of the form <key>/<date>/<region>/s3/aws4_request, 'X-Amz-Algorithm' AWS4-HMAC-SHA256 and 'X-Amz-Signature'.";
    throw invalidArgument(message, "X-Amz-Credential", credential);
  }
  const known = secretFor(accessKeyId, fields.get("x-amz-security-token"));
  if (!known) throw s3Error("InvalidAccessKeyId", { AWSAccessKeyId: accessKeyId });
  const expected = hmac(signingKey(known.secret, scope), policy);
  const given = Buffer.from(signature, "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw s3Error("SignatureDoesNotMatch", { AWSAccessKeyId: accessKeyId, StringToSign: policy });
  }
  return known.principal;
}

const denied = (reason: string) =>
  s3Error("AccessDenied", { message: `Invalid according to Policy: ${reason}` });

function parsePolicy(encoded: string): Policy {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
  } catch (cause) {
    throw Object.assign(s3Error("InvalidPolicyDocument"), { cause });
  }
  const parsed = policySchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw s3Error("InvalidPolicyDocument", { message: "Invalid Policy: Invalid Policy document." });
}

/** Fields that a policy needn't mention. */
const FREE = new Set(["x-amz-signature", "file", "policy", "awsaccesskeyid"]);

/** One condition, as operator, lower-case field and value. */
function normalize(condition: [string, string, string] | Record<string, string>): [string, string, string][] {
  if (Array.isArray(condition)) {
    const [operator, field, value] = condition;
    return [[operator.toLowerCase(), field.replace(/^\$/, "").toLowerCase(), value]];
  }
  return Object.entries(condition).map(([field, value]) => ["eq", field.toLowerCase(), value]);
}

/**
 * Checks a form against its policy: expiry, every condition, and no field that the policy doesn't mention.
 * @param now epoch ms
 * @returns how long the file may be, in bytes
 * @throws AwsError `AccessDenied` "Invalid according to Policy: …", `InvalidPolicyDocument`
 */
export function checkPostPolicy(
  fields: ReadonlyMap<string, string>,
  bucket: string,
  key: string,
  now: number,
): LengthRange {
  const policy = parsePolicy(fields.get("policy") ?? "");
  if (policy.expiration <= now) throw denied("Policy expired.");
  const range: LengthRange = { min: 0, max: Number.POSITIVE_INFINITY };
  const mentioned = new Set<string>();

  for (const condition of policy.conditions) {
    if (Array.isArray(condition) && condition[0] === "content-length-range") {
      range.min = Number(condition[1]);
      range.max = Number(condition[2]);
      continue;
    }
    for (const [operator, field, value] of normalize(condition as [string, string, string])) {
      mentioned.add(field);
      const actual = field === "bucket" ? bucket : field === "key" ? key : (fields.get(field) ?? "");
      const holds =
        operator === "eq" ? actual === value : operator === "starts-with" ? actual.startsWith(value) : false;
      if (!holds) throw denied(`Policy Condition failed: ["${operator}", "$${field}", "${value}"]`);
    }
  }
  const extra = [...fields.keys()].filter(
    (field) => !FREE.has(field) && !field.startsWith("x-ignore-") && !mentioned.has(field),
  );
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(", ")}`);
  return range;
}
