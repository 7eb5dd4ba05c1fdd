/** Parts of an upload session: their URLs, and how they are sent. */
import * as z from "zod";
import { at, distinct, given, id, wholeNumber, without } from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";
import { digest } from "#core/content/contract.ts";
import { MAX_PART_SIZE, MAX_PARTS, MAX_SIZE, MAX_WINDOW } from "./limits.ts";

const nthPart = { description: `Which part, counted from 1; S3 takes ${MAX_PARTS.toLocaleString("en-US")}.` };

export const partNumber = z.int().min(1).max(MAX_PARTS).meta(nthPart);

const queriedPart = wholeNumber("parts", { min: 1, max: MAX_PARTS }).meta(nthPart);

const byteOffset = wholeNumber("bytes", { min: 0, max: MAX_SIZE }).meta({
  description:
    "The byte of the file at which the chunk begins. In front of chunks that have arrived S3 takes it only as long as leaves those where they are.",
});

const partHeaders = z.record(z.string(), z.string()).meta({
  id: "PartHeaders",
  description:
    "Send them with the part as they stand: they are signed, and S3 refuses the URL without them. `{}` where there are none.",
});

export const partUrl = z
  .object({
    part_number: partNumber,
    url: z.string().meta({ description: "PUT the part's bytes there, without `Authorization`." }),
    headers: partHeaders,
  })
  .meta({ id: "PartUrl" });

export const urlsEnd = at(
  "When the last of these URLs stops to work: an hour at most; ask `…/parts` for new ones",
);

const partsRequest = z
  .strictObject({
    first: partNumber
      .optional()
      .meta({ description: "The first part that a URL is wanted for; 1 unless said." }),
    count: z
      .int()
      .min(1)
      .max(MAX_PARTS)
      .optional()
      .meta({
        description: `How many URLs: ${MAX_WINDOW.toLocaleString("en-US")} at most, unless \`format\` is \`compact\`.`,
      }),
    format: z
      .enum(["urls", "compact"])
      .optional()
      .meta({ description: "`urls` for up to 1,000 parts, `compact` for up to 10,000." }),
    parts: distinct(
      z
        .strictObject({
          part_number: partNumber,
          size: z
            .int()
            .min(0)
            .max(MAX_PART_SIZE)
            .meta({ description: "Bytes of this part; S3 refuses any other length." }),
          crc32: digest("crc32").optional(),
        })
        .meta({ id: "SizedPart" }),
      { min: 1, max: MAX_WINDOW, key: ({ part_number }) => part_number },
    )
      .optional()
      .meta({ description: "Instead of a range: parts whose length and checksum S3 is to enforce." }),
  })
  .superRefine(({ first, count, format, parts }, context) => {
    const complain = (message: string) => context.addIssue({ code: "custom", message });
    const range = [first, count, format].some((value) => value !== undefined);
    if (range && parts !== undefined)
      complain("has a range (first, count, format) and parts; send one of the two");
    else if (!range && parts === undefined)
      complain("needs count, the number of URLs (from part 1, unless first says another), or parts");
    else if (range && count === undefined) complain("needs count, the number of URLs");
    if (count !== undefined && count > MAX_WINDOW && format !== "compact")
      complain(
        `count is ${count}; at most ${MAX_WINDOW} URLs come at once, ${MAX_PARTS} with format compact`,
      );
  })
  .meta(
    given({ required: ["parts"] }, without("first", "count", "format"), {
      required: ["count"],
      ...given({ required: ["format"], properties: { format: { const: "compact" } } }, true, {
        properties: { count: { maximum: MAX_WINDOW } },
      }),
    }),
  );

export type PartsRequest = z.infer<typeof partsRequest>;

export const partsAnswer = z.union([
  z
    .object({
      parts: z.array(partUrl).meta({ description: "One for each part asked for, in that order." }),
      urls_expire_at: urlsEnd,
    })
    .meta({ id: "PartUrls" }),
  z
    .object({
      first: partNumber.meta({ description: "The part that `signatures` begins with." }),
      prefix: z.string().meta({ description: "What every URL begins with; the part's number follows." }),
      suffix: z.string().meta({ description: "What follows the part's number; its signature comes last." }),
      signatures: z.string().meta({ description: "64 hex characters per part, in one string." }),
      headers: partHeaders,
      urls_expire_at: urlsEnd,
    })
    .meta({ id: "CompactPartUrls" }),
]);

/** Parts by number, as S3 numbers them: ranges with both ends. */
export const partRanges = z.array(z.tuple([z.int(), z.int()]));

const tag = "Uploads";

const params = { id: id("upl") };

/** How a session that is over, or is being ended, refuses. */
export const closed = ["upload_closed", "upload_expired", "finalizing"] as const;

export const signPartsRoute = defineRoute({
  id: "signParts",
  method: "POST",
  path: "/v1/uploads/{id}/parts",
  summary: "Get URLs for more parts",
  description:
    "Up to 1,000 URLs; up to 10,000 with `format: compact`, where the URL of part n is `prefix + n + suffix` and the 64 characters of `signatures` from `64 * (n - first)`. With `parts`, S3 enforces each one's length and CRC-32. Send the `headers` that come along, in every form.",
  tag,
  access: { action: "create", on: "upload" },
  uploadToken: true,
  params,
  body: partsRequest,
  idempotency: "natural",
  responses: { 200: { description: "The URLs", schema: partsAnswer } },
  errors: ["not_found", ...closed],
  example: { request: { first: 33, count: 32 } },
});

export const sendChunkRoute = defineRoute({
  id: "sendChunk",
  method: "PUT",
  path: "/v1/uploads/{id}/chunks",
  summary: "Send a chunk through the API's address",
  description:
    "Redirects to the part's URL at S3; send the same body there, as curl -L -T, Python's requests and fetch do by themselves. Its number is `?part=n`, or follows from `?offset=bytes`, or is the one after those that S3 holds without a gap. Only the first two are safe to repeat when an answer was lost, and to send side by side. Headers go along to S3: `Content-Range`, `If-*` and `x-amz-*` are refused here, since S3 refuses them. Not for uploads that declared a `sha256`.",
  tag,
  access: { action: "create", on: "upload" },
  uploadToken: true,
  params,
  query: { part: queriedPart.optional(), offset: byteOffset.optional() },
  bodyType: "application/octet-stream",
  responses: {
    307: { description: "Where the bytes go", headers: { Location: "The part's presigned URL." } },
  },
  errors: [
    "not_found",
    ...closed,
    "chunk_too_small",
    "checksum_unsupported",
    "conflict",
    // As API Gateway has them of a body.
    "payload_too_large",
    "unsupported_media_type",
  ],
});
