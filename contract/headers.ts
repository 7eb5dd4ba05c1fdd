/** Request headers that routes read, each with the schema that validates it and stands in `/openapi.json`. */
import * as z from "zod";
import type { ErrorCode } from "./errors.ts";

/** A header of printable ASCII without spaces at its ends, which HTTP would drop (RFC 9110, 5.5). */
const printable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[!-~](?:[ -~]*[!-~])?$/, { message: "must be printable ASCII" });

/** On every POST that needs a token. */
export const idempotencyKey = printable(255).meta({
  description:
    "1–255 printable ASCII characters; the same key and request within 24 h give the first answer. Use 128 random bits: what is kept of request and answer is sealed with it.",
});

/**
 * The version that a write is made upon: its id quoted, as ETags are, or bare, or the ETag of a GET, which goes on after
 * it; `*` asks that the file exists. Lists and weak tags are refused: a condition that is ignored is worse than none.
 */
const ifMatch = z
  .string()
  .max(200)
  .regex(/^(?:\*|ver_\w+|"ver_\w+(?:\.[\w-]+)?")$/, {
    message: 'must be one version\'s id, such as "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ", or *',
  })
  .transform((value) => value.replaceAll('"', "").split(".")[0] ?? value)
  .meta({
    description:
      "The version that must be current (its id, quoted or bare, or a GET's ETag), or `*`: the file must exist; else 412.",
    example: '"ver_01JZZZZZZZZZZZZZZZZZZZZZZZ"',
  });

/** Only as a new file. */
export const ifNoneMatchAny = z
  .enum(["*"], { error: "must be *, which asks for a new file" })
  .meta({ description: "`*`: only as a new file, where no file has the name yet; else 412." });

/** ETags that the caller of a GET has; what is no ETag matches nothing. */
export const ifNoneMatch = z.string().meta({
  description: "ETags of answers that the caller has: 304 where one of them still holds.",
});

/** A lease's secret, as a header. */
export const lockToken = printable(200).meta({
  description: "The caller's lease (`lock_token` of its acquisition), where the file is locked; else 423.",
});

/** Request ids that are taken over; any other is replaced by a new one, since a call is worth more than its name. */
export const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** On every request. */
export const requestId = z.string().meta({
  description:
    "The caller's name for this request: 1–128 of `A-Za-z0-9._-`, else a new one is made. Always answered; it follows the call into logs, events and webhooks.",
});

/** What a write upon a file may demand. */
export const fence = { "If-Match": ifMatch.optional(), "Lock-Token": lockToken.optional() };

/** How one is refused that isn't met. */
export const fenceErrors = ["lock_lost", "version_mismatch", "file_locked"] as const satisfies ErrorCode[];
