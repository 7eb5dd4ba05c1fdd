import type { PartUrls } from "#aws/signer.ts";
import type { Checksum } from "#core/content/contract.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import { findUpload } from "./find-upload.ts";
import { MAX_PARTS, PART_URL_SECONDS } from "./limits.ts";
import type { PartsRequest } from "./parts-contract.ts";
import { plannedLength } from "./plan-parts.ts";
import { multipartOf, type UploadRecord } from "./records.ts";
import { requireNoForm, requireOpen } from "./require-open.ts";
import { keepReserved } from "./reserve-name.ts";

type SignDeps = Pick<Deps, "objects">;

/**
 * URLs for parts of an upload, in one of the contract's three forms. One read.
 *
 * @throws WharfError not_found, upload_closed, upload_expired, and invalid_request for a part past the last.
 */
export async function signParts(
  deps: Pick<Deps, "table" | "objects" | "now">,
  call: Call,
  uploadId: string,
  { first = 1, count = 1, format, parts }: PartsRequest,
) {
  const upload = await findUpload(deps, uploadId, call.ahead);
  requireNoForm(upload);
  requireOpen(upload, deps.now());
  await keepReserved(deps, upload);
  if (parts !== undefined) return signEnforced(deps, upload, parts);
  requirePart(upload, first + count - 1);
  if (format !== "compact") return signWindow(deps, upload, { first, count });
  requireOneLength(upload, first, count);
  const urls = await urlsOf(deps, upload, lengthOf(upload, first));
  let signatures = "";
  for (let part = first; part < first + count; part++) signatures += urls.signature(part);
  const { prefix, suffix, headers } = urls;
  return { first, prefix, suffix, signatures, headers, urls_expire_at: iso(urls.expiresAt) };
}

/** Full URLs of `count` parts from `first` on. */
export async function signWindow(
  deps: SignDeps,
  upload: UploadRecord,
  { first, count }: { first: number; count: number },
) {
  const last = first + count - 1;
  // Of a bounded upload all parts but the last have one length.
  const [many, end] = await Promise.all([
    urlsOf(deps, upload, lengthOf(upload, first)),
    urlsOf(deps, upload, lengthOf(upload, last)),
  ]);
  const parts = Array.from({ length: count }, (_, index) => {
    const urls = first + index === last ? end : many;
    return { part_number: first + index, url: urlOf(urls, first + index), headers: urls.headers };
  });
  return { parts, urls_expire_at: iso(Math.min(many.expiresAt, end.expiresAt)) };
}

/** What the URL of a part of a bounded upload takes; any length where it isn't. */
function lengthOf(upload: UploadRecord, part: number): Record<string, string> {
  return upload.bounded ? { "content-length": String(plannedLength(upload, part)) } : {};
}

/** Compact URLs have one set of headers. @throws WharfError invalid_request where the last part's differ. */
function requireOneLength(upload: UploadRecord, first: number, count: number): void {
  const last = first + count - 1;
  if (!upload.bounded || plannedLength(upload, first) === plannedLength(upload, last)) return;
  throw new WharfError(
    "invalid_request",
    `Part ${last} is shorter than those before it, and the URLs of this upload take its very length, which is a header. Ask for ${count - 1} in compact form and for the last by itself, or leave format out.`,
  );
}

/** The URL of one part; where a `length` is given (bytes), S3 takes no other. */
export async function signPart(
  deps: SignDeps,
  upload: UploadRecord,
  part: number,
  length: number | undefined,
): Promise<string> {
  if (upload.bounded) requirePart(upload, part);
  const taken =
    length === undefined || upload.bounded ? lengthOf(upload, part) : { "content-length": String(length) };
  return urlOf(await urlsOf(deps, upload, taken), part);
}

const urlOf = ({ prefix, suffix, signature }: PartUrls, part: number) =>
  prefix + part + suffix + signature(part);

/** URLs that only take a part of the length and checksum that were said, which S3 enforces. */
async function signEnforced(deps: SignDeps, upload: UploadRecord, parts: NonNullable<PartsRequest["parts"]>) {
  const signed = parts.map(async ({ part_number, size, crc32 }) => {
    requirePart(upload, part_number);
    requirePlanned(upload, part_number, size);
    if (crc32 !== undefined && (upload.checksum?.crc32c ?? upload.checksum?.sha256) !== undefined) {
      throw new WharfError(
        "checksum_unsupported",
        "This upload declared another checksum than crc32, and S3 takes only one kind per upload. Leave crc32 out.",
      );
    }
    const urls = await urlsOf(deps, upload, {
      "content-length": String(size),
      ...(crc32 === undefined ? {} : { "x-amz-checksum-crc32": toBase64(crc32) }),
    });
    return { part_number, url: urlOf(urls, part_number), headers: urls.headers, expiresAt: urls.expiresAt };
  });
  const all = await Promise.all(signed);
  return {
    parts: all.map(({ part_number, url, headers }) => ({ part_number, url, headers })),
    urls_expire_at: iso(Math.min(...all.map(({ expiresAt }) => expiresAt))),
  };
}

/** The URLs, and the headers that whoever uses them must send with these very values. */
async function urlsOf(
  { objects }: SignDeps,
  upload: UploadRecord,
  own: Record<string, string> = {},
): Promise<PartUrls & { headers: Record<string, string> }> {
  const headers = { ...own, ...enforced(upload.checksum) };
  const input = {
    key: upload.object_key,
    uploadId: multipartOf(upload),
    headers,
    expiresIn: PART_URL_SECONDS,
  };
  return { ...(await objects.signParts(input)), headers };
}

/** Signed as a header, so that S3 refuses any other bytes; in the query S3 would ignore it (aws/aws-sdk-go-v2#2610). */
function enforced(checksum: Checksum | undefined): Record<string, string> {
  return checksum?.sha256 === undefined ? {} : { "x-amz-checksum-sha256": toBase64(checksum.sha256) };
}

/** @throws WharfError invalid_request for a part that this upload can't have. */
function requirePart({ part_count, part_size }: UploadRecord, part: number): void {
  const last = part_count ?? MAX_PARTS;
  if (part <= last) return;
  const why =
    part_count === undefined
      ? "S3 takes 10,000 parts"
      : `this upload has ${last} parts of ${part_size} bytes`;
  throw new WharfError("invalid_request", `There is no part ${part}: ${why}.`, { part_count: last });
}

/** @throws WharfError invalid_request for another length of a part than a bounded upload has. */
function requirePlanned(upload: UploadRecord, part: number, size: number): void {
  if (!upload.bounded || plannedLength(upload, part) === size) return;
  throw new WharfError(
    "invalid_request",
    `Part ${part} of this upload has ${plannedLength(upload, part)} bytes, and not ${size}: what it can store is bounded.`,
    { part_count: upload.part_count },
  );
}

function toBase64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}
