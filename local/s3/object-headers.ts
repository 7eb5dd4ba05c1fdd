/** What a client says of an object when it writes it, and S3 says again when it is read. */
import { invalidArgument, notHere, s3Error } from "./errors.ts";
import { decodeWords, encodeWords, textOfHeader } from "./metadata-text.ts";
import type { S3Request } from "./request.ts";
import { parseTagging } from "./tagging.ts";

const KEPT = ["cache-control", "content-disposition", "content-language", "expires"];
const META = "x-amz-meta-";
const MAX_METADATA_BYTES = 2048;
const OWNER_ACLS = ["private", "bucket-owner-full-control"];
const NOT_HERE = [
  "x-amz-server-side-encryption-customer-algorithm",
  "x-amz-object-lock-mode",
  "x-amz-object-lock-legal-hold",
  "x-amz-website-redirect-location",
];
// Amazon S3 API Reference, PutObject, `x-amz-storage-class`.
const STORAGE_CLASSES = [
  ...["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER"],
  ...["DEEP_ARCHIVE", "OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS", "FSX_ONTAP"],
];

export interface ObjectDescription {
  headers: Record<string, string>;
  tags: Record<string, string>;
}

type Lookup = (name: string) => string | undefined;

/** System and user metadata out of headers (or of a form's fields), by lower-case name. */
export function collectMetadata(names: Iterable<string>, lookup: Lookup): Record<string, string> {
  // A form's value may hold more than a header can.
  const system = (name: string) => lookup(name)?.replace(/[^\0-\xff]/gu, " ");
  const headers: Record<string, string> = { "content-type": system("content-type") || "binary/octet-stream" };
  for (const name of KEPT) {
    const value = system(name);
    if (value) headers[name] = value;
  }
  // `aws-chunked` frames the request; it is no encoding of the object.
  const encodings = (system("content-encoding") ?? "").split(",").map((encoding) => encoding.trim());
  const encoding = encodings.filter((name) => name !== "" && name !== "aws-chunked").join(",");
  if (encoding) headers["content-encoding"] = encoding;

  let size = 0;
  for (const name of new Set(names)) {
    if (!name.startsWith(META)) continue;
    const value = decodeWords(textOfHeader(lookup(name) ?? ""));
    headers[name] = value;
    size += Buffer.byteLength(name) - META.length + Buffer.byteLength(value);
  }
  if (size > MAX_METADATA_BYTES) {
    throw s3Error("MetadataTooLarge", { Size: size, MaxSizeAllowed: MAX_METADATA_BYTES });
  }
  return headers;
}

/** How a kept header is answered. */
export function answeredHeader(name: string, value: string): string {
  return name.startsWith(META) ? encodeWords(value) : value;
}

/** Amazon S3 User Guide, "Controlling ownership of objects": only what gives all to the owner is let through. */
function refuseAcl(request: S3Request, names: readonly string[]): void {
  const acl = request.header("x-amz-acl");
  const isForeign = acl !== undefined && !OWNER_ACLS.includes(acl);
  const found = isForeign ? "x-amz-acl" : names.find((name) => name.startsWith("x-amz-grant-"));
  if (found === undefined) return;
  if (request.settings.ownership === "BucketOwnerEnforced") throw s3Error("AccessControlListNotSupported");
  throw notHere("Header", found);
}

/**
 * Description of the object that a PUT, a copy or CreateMultipartUpload makes.
 * @throws AwsError also for features that this S3 doesn't have (`NotImplemented`), rather than ignoring them
 */
export function describeObject(request: S3Request): ObjectDescription {
  for (const name of NOT_HERE) {
    if (request.header(name) !== undefined) throw notHere("Header", name);
  }
  const names = [...Object.keys(request.call.req.headers), ...request.call.url.searchParams.keys()].map(
    (name) => name.toLowerCase(),
  );
  refuseAcl(request, names);
  const encryption = request.header("x-amz-server-side-encryption");
  if (encryption?.startsWith("aws:")) {
    throw notHere("Header", "x-amz-server-side-encryption");
  }
  if (encryption !== undefined && encryption !== "AES256") {
    const message = "The encryption method specified is not supported";
    throw invalidArgument(message, "x-amz-server-side-encryption", encryption);
  }
  const storageClass = request.header("x-amz-storage-class");
  if (storageClass !== undefined && !STORAGE_CLASSES.includes(storageClass)) {
    throw s3Error("InvalidStorageClass", { StorageClassRequested: storageClass });
  }
  if (storageClass !== undefined && storageClass !== "STANDARD") {
    throw notHere("Header", "x-amz-storage-class");
  }
  return {
    headers: collectMetadata(names, request.header),
    tags: parseTagging(request.header("x-amz-tagging")),
  };
}
