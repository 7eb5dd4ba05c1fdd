/** POST Object: an upload from a browser's form. */
import { payloadLength, receiveBytes } from "./body.ts";
import { ALGORITHMS, DEFAULT_ALGORITHM } from "./checksum.ts";
import { checksumHeader, checksumMismatch } from "./checksum-headers.ts";
import { commitObject } from "./commit-object.ts";
import { invalidArgument, s3Error } from "./errors.ts";
import { readForm } from "./form-data.ts";
import { collectMetadata } from "./object-headers.ts";
import { checkPostPolicy, type LengthRange, verifyPostSignature } from "./post-policy.ts";
import { MAX_PUT_BYTES } from "./put-object.ts";
import { assertKeyLength, objectArn, type S3Request, writeContext } from "./request.ts";
import { sendDocument, sendEmpty } from "./respond.ts";
import type { S3 } from "./state.ts";
import { parseTagging } from "./tagging.ts";
import { writeXml } from "./xml.ts";

/** Passes a file through; stops when it is longer than the policy allows, or ends shorter. */
async function* withinRange(file: AsyncIterable<Buffer>, { min, max }: LengthRange): AsyncGenerator<Buffer> {
  const limit = Math.min(max, MAX_PUT_BYTES);
  let size = 0;
  for await (const chunk of file) {
    size += chunk.length;
    if (size > limit) throw s3Error("EntityTooLarge", { ProposedSize: size, MaxSizeAllowed: limit });
    yield chunk;
  }
  if (size < min) throw s3Error("EntityTooSmall", { ProposedSize: size, MinSizeAllowed: min });
}

function answer(request: S3Request, key: string, etag: string, fields: ReadonlyMap<string, string>): void {
  const { res, req } = request.call;
  const path = key.split("/").map(encodeURIComponent).join("/");
  const location = `http://${req.headers.host ?? "localhost"}/${request.bucket}/${path}`;
  res.setHeader("ETag", `"${etag}"`);
  const redirect = fields.get("success_action_redirect") ?? fields.get("redirect");
  if (redirect && URL.canParse(redirect)) {
    const target = new URL(redirect);
    target.searchParams.append("bucket", request.bucket);
    target.searchParams.append("key", key);
    target.searchParams.append("etag", `"${etag}"`);
    res.setHeader("Location", target.href);
    sendEmpty(request, 303);
    return;
  }
  res.setHeader("Location", location);
  const status = fields.get("success_action_status");
  if (status === "201") {
    const body = { Location: location, Bucket: request.bucket, Key: key, ETag: `"${etag}"` };
    sendDocument(request, writeXml("PostResponse", body), 201);
    return;
  }
  sendEmpty(request, status === "200" ? 200 : 204);
}

/** POST Object. The call is then the policy's signer: `call.principal` says who, before anything is authorized. */
export async function postObject(s3: S3, request: S3Request): Promise<void> {
  const { call } = request;
  payloadLength(request, Number.POSITIVE_INFINITY);
  call.proceed();
  const form = await readForm(
    call.req.headers["content-type"] ?? "",
    call.req.iterator({ destroyOnReturn: false }),
  );
  const { fields } = form;
  const template = fields.get("key");
  if (!template) {
    const message =
      "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.";
    throw invalidArgument(message, "key", "");
  }
  // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
  const key = template.replaceAll("${filename}", form.filename);
  assertKeyLength(key);

  const now = s3.clock.now();
  call.principal = verifyPostSignature(fields, { secretFor: s3.secretFor, region: call.region, now });
  const filled = new Map([...fields, ["key", key], ["bucket", request.bucket]] as const);
  const range = checkPostPolicy(filled, now);
  const target = { ...request, key };
  call.authorize("s3:PutObject", objectArn(target), writeContext(request, { creates: true }));
  const headers = collectMetadata(fields.keys(), (name) => fields.get(name));
  const tags = parseTagging(fields.get("x-amz-tagging"));
  if (Object.keys(tags).length > 0) call.authorize("s3:PutObjectTagging", objectArn(target));

  const declared = ALGORITHMS.find((name) => fields.has(checksumHeader(name)));
  const algorithm = declared ?? DEFAULT_ALGORITHM;
  const received = await receiveBytes(withinRange(form.file, range), s3.blobs, algorithm);
  if (declared && fields.get(checksumHeader(declared)) !== received.checksum) {
    s3.blobs.remove([received.blob]);
    throw checksumMismatch(declared);
  }
  commitObject(s3, target, { headers, tags, received, condition: undefined, reason: "POST Object" });
  answer(request, key, received.md5, fields);
}
