/** Why a request is turned away before its service sees it: S3 and the JSON services have their own words. */
import { AwsError } from "./types.ts";

export interface Refusals {
  unsigned(): AwsError;
  unknownKey(accessKeyId: string): AwsError;
  badToken(): AwsError;
  expiredToken(): AwsError;
  /** The header or query that carries the signature can't be read. */
  malformed(message: string, where: "header" | "query"): AwsError;
  missingDate(): AwsError;
  skewed(timestamp: string, now: number): AwsError;
  notSigned(headers: string[]): AwsError;
  mismatch(details: Mismatch): AwsError;
}

/** What S3 shows to somebody whose signature differs, so that they can compare. */
interface Mismatch {
  accessKeyId: string;
  stringToSign: string;
  signature: string;
  canonicalRequest: string;
}

/** Greatest difference between the request's time and ours, in milliseconds. */
export const MAX_SKEW = 15 * 60 * 1000;

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}/, "");

/** S3's refusals. */
export const s3Refusals: Refusals = {
  unsigned: () => new AwsError("AccessDenied", "Access Denied", 403),
  unknownKey: (accessKeyId) =>
    new AwsError(
      "InvalidAccessKeyId",
      "The AWS Access Key Id you provided does not exist in our records.",
      403,
      { AWSAccessKeyId: accessKeyId },
    ),
  badToken: () => new AwsError("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
  expiredToken: () => new AwsError("ExpiredToken", "The provided token has expired.", 400),
  malformed: (message, where) =>
    where === "header"
      ? new AwsError("AuthorizationHeaderMalformed", `The authorization header is malformed; ${message}`, 400)
      : new AwsError("AuthorizationQueryParametersError", message, 400),
  missingDate: () =>
    new AwsError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403),
  skewed: (timestamp, now) =>
    new AwsError(
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
      403,
      { RequestTime: timestamp, ServerTime: iso(now), MaxAllowedSkewMilliseconds: MAX_SKEW },
    ),
  notSigned: (headers) =>
    new AwsError("AccessDenied", "There were headers present in the request which were not signed", 403, {
      HeadersNotSigned: headers.join(", "),
    }),
  mismatch: ({ accessKeyId, stringToSign, signature, canonicalRequest }) =>
    new AwsError(
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
      403,
      {
        AWSAccessKeyId: accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: signature,
        CanonicalRequest: canonicalRequest,
      },
    ),
};

/** Refusals of DynamoDB, SQS and EventBridge. */
const jsonRefusals: Refusals = {
  unsigned: () =>
    new AwsError("MissingAuthenticationTokenException", "Request is missing Authentication Token"),
  unknownKey: () =>
    new AwsError("UnrecognizedClientException", "The security token included in the request is invalid."),
  badToken: () =>
    new AwsError("UnrecognizedClientException", "The security token included in the request is invalid."),
  expiredToken: () =>
    new AwsError("ExpiredTokenException", "The security token included in the request is expired"),
  malformed: (message) => new AwsError("IncompleteSignatureException", message),
  missingDate: () =>
    new AwsError(
      "IncompleteSignatureException",
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    ),
  skewed: (timestamp, now) =>
    new AwsError(
      "InvalidSignatureException",
      `Signature not within 15 minutes of the current time: ${timestamp} is not near ${iso(now)}.`,
    ),
  notSigned: ([header]) =>
    new AwsError(
      "InvalidSignatureException",
      `'${header}' must be a 'SignedHeader' in the AWS Authorization.`,
    ),
  mismatch: () =>
    new AwsError(
      "InvalidSignatureException",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ),
};

/** Refusals of one service. */
export function refusalsOf(service: string): Refusals {
  return service === "s3" ? s3Refusals : jsonRefusals;
}
