/** Pieces that many schemas share: ids, times, names, pages. */
import * as z from "zod";
import { nameProblem, REPLACEMENT } from "./names.ts";

/** Id prefixes; an id is a prefix, `_` and a ULID. */
export const prefixes = [
  "upl",
  "file",
  "ver",
  "ws",
  "fld",
  "shr",
  "hook",
  "evt",
  "dlv",
  "cli",
  "lock",
  "job",
] as const;
export type Prefix = (typeof prefixes)[number];

/** Schema of an id with this prefix: `upl_` and 26 characters of Crockford's base 32. */
export function id<P extends Prefix>(prefix: P) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-7][0-9A-HJKMNP-TV-Z]{25}$`), `must be an id that begins with ${prefix}_`)
    .meta({ example: `${prefix}_01JZZZZZZZZZZZZZZZZZZZZZZZ` });
}

/** ISO 8601 UTC with milliseconds. */
export const time = z.iso.datetime().meta({ example: "2026-01-01T00:00:00.000Z" });

/** Text of which every character is the sender's own, as names and passwords must be. */
export function wholeText(schema: z.ZodString) {
  return schema.refine((value) => value.isWellFormed() && !value.includes(REPLACEMENT), {
    message: "has an unpaired surrogate, or U+FFFD, which stands where bytes were no UTF-8; send it in UTF-8",
  });
}

/** A file's or folder's name: 1–255 bytes of UTF-8 NFC; `nameProblem` has what it may hold. */
export const name = z
  .string()
  .max(1024)
  .transform((value) => value.normalize("NFC"))
  .superRefine((value, context) => {
    const problem = nameProblem(value);
    if (problem) context.addIssue({ code: "custom", message: `the name ${problem}` });
  })
  .meta({
    minLength: 1,
    description:
      "1–255 bytes of UTF-8, kept in NFC. No `/`, nothing that shows nothing (controls, format characters), no space at either end and no dot at its end.",
  });

/** Deepest path of folders. */
export const MAX_DEPTH = 32;

/** `reports/2026/q3.pdf` → its segments. Every segment must be a valid name; no leading or trailing `/`. */
export const path = z
  .string()
  .max(4096)
  .transform((value) => value.normalize("NFC"))
  .superRefine((value, context) => {
    const segments = value.split("/");
    if (segments.length > MAX_DEPTH + 1) {
      context.addIssue({
        code: "custom",
        message: `has ${segments.length} levels; at most ${MAX_DEPTH + 1} are allowed`,
      });
    }
    for (const segment of segments) {
      const problem = nameProblem(segment);
      if (problem) {
        context.addIssue({ code: "custom", message: `the part ${JSON.stringify(segment)} ${problem}` });
        return;
      }
    }
  })
  .meta({ minLength: 1 });

/** A workspace by its id or its name; a name that isn't taken yet makes a new workspace of the client's. */
export const workspaceRef = z
  .string()
  .regex(/^(ws_[0-7][0-9A-HJKMNP-TV-Z]{25}|(?!ws_)[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/, {
    message:
      "must be a workspace's id (ws_…) or a name of 1–64 characters of A-Za-z0-9._- that begins with a letter or digit",
  });

/** Seconds that a link lives where nothing is said: a day. */
export const DEFAULT_EXPIRE_IN = 86_400;

/** Seconds that a link lives: 60 … 604,800 (7 days). */
export const expireIn = z.int().min(60).max(604_800);

/** Content that isn't quite what its name or type promises. */
export const mismatch = z
  .object({
    claimed: z.string().meta({ description: "The extension or media type, such as `.jpg`." }),
    actual: z
      .string()
      .meta({ description: "What the first bytes are, such as `heif`; `unknown` where nobody knows." }),
  })
  .meta({
    id: "Mismatch",
    description:
      "Only where the content is not quite what its name or type promises, as a HEIC named `.jpg`.",
  });

export const page = {
  /** Query of every list. */
  query: {
    limit: z.coerce.number().int().min(1).max(100).default(50),
    cursor: z.string().max(2048).optional(),
  },
  /** Answer of every list. */
  of: <T extends z.ZodType>(item: T) =>
    z.object({ items: z.array(item), next_cursor: z.string().nullable() }),
};

/** A list from outside: of at most `max` members, no two the same by what `key` makes of them. */
export function distinct<T extends z.ZodType>(
  item: T,
  {
    min = 0,
    max,
    key = (member) => member,
  }: { min?: number; max: number; key?: (member: z.output<T>) => unknown },
) {
  return z
    .array(item)
    .min(min)
    .max(max)
    .refine((members) => new Set(members.map(key)).size === members.length, "names one twice")
    .meta({ uniqueItems: true });
}

/** Who did something, as events and audit rows say it. */
export const actor = z.object({ type: z.enum(["client", "link", "system"]), id: z.string() });
export type Actor = z.infer<typeof actor>;

/** RFC 9457 problem details, with Wharf's own members. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
});

/** Scopes that a client can hold. */
export const scopes = [
  "files:read",
  "files:write",
  "shares:write",
  "webhooks:write",
  "locks:break",
  "admin",
] as const;
export const scope = z.enum(scopes);
export type Scope = z.infer<typeof scope>;
