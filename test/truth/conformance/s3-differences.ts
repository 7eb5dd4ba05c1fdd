/** Where others' S3 differs from AWS: in what, and what tells of AWS. Names are those of the cases. */
import { type Difference, differencesOf } from "./differences.ts";

const S3 = "https://docs.aws.amazon.com/AmazonS3/latest";
const RFC_9110 = "https://www.rfc-editor.org/rfc/rfc9110";

const moto: readonly Difference[] = [
  {
    how: "reads no single part",
    documented: `${S3}/API/API_GetObject.html`,
    cases: ["multipart: reads one part by its number"],
  },
  {
    how: "answers 500 for an upload that is gone",
    documented: `${S3}/API/API_UploadPart.html`,
    cases: ["multipart: knows a completed upload no more", "multipart: is gone once aborted"],
  },
  {
    how: "keeps no checksums of parts and whole objects",
    documented: `${S3}/userguide/checking-object-integrity-upload.html`,
    cases: [
      "multipart: lists parts with their checksums",
      "checksums: parts' CRC-32 combine to the whole object's",
      "checksums: a whole object's CRC-32 comes of parts that were sent without, whose own S3 lists",
      "checksums: a composite is the digest of digests, and needs each part's",
      "checksums: is CRC64NVME when nobody asked for any",
    ],
  },
  {
    how: "knows no If-Match of a completion",
    documented: `${S3}/userguide/conditional-writes.html`,
    cases: ["multipart: overwrites what If-Match names only"],
  },
  {
    how: "checks of a completion the parts alone, not their order, size and checksums",
    documented: `${S3}/API/API_CompleteMultipartUpload.html`,
    cases: [
      "multipart: a completion with descending parts is refused, and the upload stays",
      "multipart: a completion with a part twice is refused, and the upload stays",
      "multipart: a completion with another size is refused, and the upload stays",
      "multipart: a completion with another checksum is refused, and the upload stays",
      "multipart: a completion with a checksum of another kind is refused, and the upload stays",
      "multipart: a completion with another checksum type is refused, and the upload stays",
    ],
  },
  {
    how: "takes the number for the upload's, or answers 500",
    documented: `${S3}/API/API_UploadPart.html`,
    cases: [
      'multipart: no part has the number "0"',
      'multipart: no part has the number "-1"',
      'multipart: no part has the number "x"',
      'multipart: no part has the number ""',
    ],
  },
  {
    how: "checks no checksum that comes with the bytes",
    documented: `${S3}/userguide/checking-object-integrity.html`,
    cases: [
      "checksums: a part with a wrong one: 400 BadDigest",
      "checksums: a part with one of another kind: 400 InvalidRequest",
      "checksums: a part with none of a composite: 400 InvalidRequest",
      "checksums: an object with another's MD5: 400 BadDigest",
      "checksums: an object with no MD5 at all: 400 InvalidDigest",
      "checksums: an object with another's CRC-32: 400 BadDigest",
      "checksums: an object with another's SHA-256: 400 BadDigest",
      "checksums: an object with a checksum of another length: 400 InvalidRequest",
      "checksums: an object with two checksums: 400 InvalidRequest",
      "checksums: an object with another's payload hash: 400 XAmzContentSHA256Mismatch",
      "checksums: signed as a header is the one that S3 enforces",
    ],
  },
  {
    how: "lets any type of checksum be asked for",
    documented: `${S3}/userguide/checking-object-integrity-upload.html`,
    cases: [
      'checksums: {"ChecksumAlgorithm":"SHA256","ChecksumType":"FULL_OBJECT"} can\'t be asked for',
      'checksums: {"ChecksumAlgorithm":"CRC64NVME","ChecksumType":"COMPOSITE"} can\'t be asked for',
      'checksums: {"ChecksumType":"FULL_OBJECT"} can\'t be asked for',
    ],
  },
  {
    how: "takes an ETag in If-None-Match of a write",
    documented: `${S3}/userguide/conditional-writes.html`,
    cases: ["objects: If-None-Match takes nothing but *"],
  },
  {
    how: "knows no If-Range",
    documented: `${RFC_9110}#section-13.1.5`,
    cases: ["objects: If-Range falls back to the whole object when it changed"],
  },
  {
    how: "takes another unit for bytes",
    documented: `${RFC_9110}#section-14.1.1`,
    cases: ["objects: items=0-1 answers 200"],
  },
  {
    how: "compares If-Match with one ETag alone",
    documented: `${RFC_9110}#section-13.1.1`,
    cases: ['objects: {"if-match":"\\"other\\", \\"781e5e245d69b566979b86e28d23f2c7\\""} answers 200'],
  },
  {
    how: "lets dates count beside ETags",
    documented: `${S3}/API/API_GetObject.html`,
    cases: [
      'objects: {"if-match":"\\"781e5e245d69b566979b86e28d23f2c7\\"","if-unmodified-since":"Mon, 01 Jan 2001 00:00:00 GMT"} answers 200',
      'objects: {"if-none-match":"\\"other\\"","if-modified-since":"Wed, 01 Jan 2098 00:00:00 GMT"} answers 200',
    ],
  },
  {
    how: "takes * for an ETag",
    documented: `${RFC_9110}#section-13.1.2`,
    cases: ['objects: {"if-none-match":"*"} answers 304'],
  },
  {
    how: "answers 500 to what is no date",
    documented: `${RFC_9110}#section-13.1.3`,
    cases: ['objects: {"if-modified-since":"not a date"} answers 200'],
  },
  {
    how: "looks at one rule and its origins alone",
    documented: `${S3}/userguide/cors.html`,
    cases: [
      "cors: a preflight of a method that no rule has: 403 AccessForbidden",
      "cors: a preflight of a header that no rule has: 403 AccessForbidden",
      "cors: a preflight of anybody, where everybody may: 200",
      "cors: a preflight without an origin: 400 BadRequest",
      "cors: a preflight without a method: 400 BadRequest",
      "cors: a preflight is answered with its rule",
      "cors: a request of another origin has none",
      "cors: a request of anybody has *, and no credentials, where everybody may",
    ],
  },
  {
    how: "checks no parameter of a list",
    documented: `${S3}/API/API_ListObjectsV2.html`,
    cases: [
      "listing: max-keys=x: 400 InvalidArgument",
      "listing: max-keys=-1: 400 InvalidArgument",
      "listing: encoding-type=base64: 400 InvalidArgument",
    ],
  },
];

const gateway: readonly Difference[] = [
  {
    how: "wants the upload's marker to be of the key's own uploads",
    documented: `${S3}/API/API_ListMultipartUploads.html`,
    cases: ["multipart: lists uploads under way in pages, by prefix"],
  },
  {
    how: "takes a checksum of another kind with a completion",
    documented: `${S3}/API/API_CompleteMultipartUpload.html`,
    cases: ["multipart: a completion with a checksum of another kind is refused, and the upload stays"],
  },
  {
    how: "knows no If-Range",
    documented: `${RFC_9110}#section-13.1.5`,
    cases: ["objects: If-Range falls back to the whole object when it changed"],
  },
  {
    how: "compares If-Match with one ETag alone",
    documented: `${RFC_9110}#section-13.1.1`,
    cases: ['objects: {"if-match":"\\"other\\", \\"781e5e245d69b566979b86e28d23f2c7\\""} answers 200'],
  },
  {
    how: "leaves the ETag out of a 304",
    documented: `${RFC_9110}#section-15.4.5`,
    cases: [
      'objects: {"if-none-match":"\\"781e5e245d69b566979b86e28d23f2c7\\""} answers 304',
      'objects: {"if-none-match":"*"} answers 304',
    ],
  },
  {
    how: "ignores a date to come",
    documented: `${S3}/API/API_GetObject.html`,
    cases: ['objects: {"if-modified-since":"Wed, 01 Jan 2098 00:00:00 GMT"} answers 304'],
  },
  {
    how: "says in words that credentials aren't allowed",
    documented: "https://fetch.spec.whatwg.org/#http-access-control-allow-credentials",
    cases: ["cors: a request of anybody has *, and no credentials, where everybody may"],
  },
  {
    how: "takes any encoding of a list",
    documented: `${S3}/API/API_ListObjectsV2.html`,
    cases: ["listing: encoding-type=base64: 400 InvalidArgument"],
  },
  {
    how: "takes a URL before its time",
    documented: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html",
    cases: ["presigned: isn't valid long before it was signed"],
  },
  {
    how: "leaves a signed header that isn't sent out of what it signs",
    documented: `${S3}/API/sigv4-query-string-auth.html`,
    cases: ["presigned: with a signed header that isn't sent: 403 SignatureDoesNotMatch"],
  },
  {
    how: "knows an error of its own for a key that it doesn't know",
    documented: `${S3}/API/ErrorResponses.html`,
    cases: ["presigned: with an unknown key: 403 InvalidAccessKeyId"],
  },
];

export const motoDifferences = differencesOf(moto);
export const gatewayDifferences = differencesOf(gateway);
