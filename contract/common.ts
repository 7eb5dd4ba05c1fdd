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
  "org",
  "usr",
  "grp",
  "grt",
  "key",
  "sec",
  "inv",
  "trf",
] as const;
export type Prefix = (typeof prefixes)[number];

/** What each prefix's ids name. */
const NAMED: Record<Prefix, string> = {
  upl: "Upload session",
  file: "File; stays the same through renames, moves and new versions",
  ver: "Version of a file",
  ws: "Workspace",
  fld: "Folder",
  shr: "Link; not the secret in its URL",
  hook: "Endpoint",
  evt: "Event; the same in every delivery of it",
  dlv: "Delivery of one event to one endpoint",
  cli: "API client",
  lock: "One holding of a file's lock",
  job: "Recovery job",
  org: "Organization",
  usr: "Person",
  grp: "Group",
  grt: "Grant",
  key: "API key; not the secret itself",
  sec: "A client's secret; not the secret itself",
  inv: "Invitation; not the token that accepts it",
  trf: "Transfer; not the token that claims it",
};

/** Schema of an id with this prefix: `upl_` and 26 characters of Crockford's base 32. */
export function id<P extends Prefix>(prefix: P) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-7][0-9A-HJKMNP-TV-Z]{25}$`), `must be an id that begins with ${prefix}_`)
    .meta({
      description: `${NAMED[prefix]}: \`${prefix}_\` and a ULID of 26 characters.`,
      example: `${prefix}_01JZZZZZZZZZZZZZZZZZZZZZZZ`,
    });
}

/** Schema of an id with any of these prefixes. */
export function idOf(...of: readonly [Prefix, Prefix, ...Prefix[]]) {
  const all = of.map((prefix) => `${prefix}_`);
  const said = `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
  return z
    .string()
    .regex(
      new RegExp(`^(${of.join("|")})_[0-7][0-9A-HJKMNP-TV-Z]{25}$`),
      `must be an id that begins with ${said}; names are none`,
    )
    .meta({ example: `${of[0]}_01JZZZZZZZZZZZZZZZZZZZZZZZ` });
}

/** ISO 8601 UTC with milliseconds. */
const time = z.iso.datetime().meta({ example: "2026-01-01T00:00:00.000Z" });

/** A time from outside: RFC 3339 with any offset, taken over as UTC. */
export const givenTime = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value).toISOString())
  .meta({ example: "2026-01-01T00:00:00.000Z" });

/**
 * A number in a query or form, where all is text: digits alone, since `Number` makes 0 of nothing and 16 of `0x10`.
 *
 * @param of what it counts, for who is refused: `seconds`.
 */
export function wholeNumber(of: string, { min, max }: { min: number; max: number }) {
  return (
    z
      .string()
      .regex(/^\d{1,15}$/, { message: `must be a whole number of ${of}` })
      .transform(Number)
      .pipe(z.int().min(min).max(max))
      // What clients and generators are to know of it.
      .meta({ type: "integer", minimum: min, maximum: max, pattern: undefined })
  );
}

/** A time, with what happens then. */
export const at = (what: string) => time.meta({ description: `${what}. UTC, to the millisecond.` });

/** A value of another schema, or null, with what either means; the description is the whole value's. */
export const orNull = <T extends z.ZodType>(schema: T, description: string) =>
  schema.nullable().meta({ description });

/** A time, or null. */
export const orTime = (description: string) => orNull(z.iso.datetime(), description);

/** Text of which every character is the sender's own, as names and passwords must be. */
export function wholeText(schema: z.ZodString) {
  return schema.refine((value) => value.isWellFormed() && !value.includes(REPLACEMENT), {
    message: "has an unpaired surrogate, or U+FFFD, which stands where bytes were no UTF-8; send it in UTF-8",
  });
}

/** Text that is the same to all who read it: not all programs take U+0000 for a character. */
export const withoutNul = (schema: z.ZodString) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: readers of the schema in other languages know no `\0`
  schema.regex(/^[^\x00]*$/, { message: "may not have U+0000" });

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
    pattern: "^[^/]+$",
    description:
      "1–255 bytes of UTF-8, kept in NFC. No `/`, nothing that shows nothing (controls, format characters, noncharacters, private use), no space at either end and no dot at its end, no more than 16 spaces in a row.",
  });

/** What people call an organization, a group or a person. Dots and slashes mean nothing in it, as they do in files' names. */
export const title = z
  .string()
  .max(1_024)
  .transform((value) => value.normalize("NFC"))
  .superRefine((value, context) => {
    const problem = nameProblem(value.replaceAll(/[./]/g, "-"));
    if (problem) context.addIssue({ code: "custom", message: `the name ${problem}` });
  })
  .meta({
    minLength: 1,
    description:
      "A name for people: 1–255 bytes of UTF-8, kept in NFC, nothing that shows nothing, no space at either end.",
  });

export const principal = idOf("cli", "usr").meta({
  description: "A client (`cli_…`) or person (`usr_…`).",
});

/** Bytes of a path that leads to a file, folders included, in UTF-8. */
export const MAX_PATH_BYTES = 1_024;
/** Characters of a path as it is sent: slashes at both ends may come. */
export const MAX_PATH = MAX_PATH_BYTES + 2;
/** Deepest path of folders. */
export const MAX_DEPTH = 32;

/** `reports/2026/q3.pdf` → its segments. Every segment must be a valid name; no leading or trailing `/`. */
export const path = z
  .string()
  .max(MAX_PATH)
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
  .meta({
    minLength: 1,
    // Of each part 255 bytes of UTF-8 are taken, which a pattern can't count.
    pattern: `^[^/]{1,255}(/[^/]{1,255}){0,${MAX_DEPTH}}$`,
    description: `Names with \`/\` between them, ${MAX_DEPTH} folders deep at most; each part 1–255 bytes of UTF-8.`,
  });

/** A workspace by its id or its name; a name that isn't taken yet makes a new workspace of the client's. */
export const workspaceRef = z
  .string()
  .regex(/^(ws_[0-7][0-9A-HJKMNP-TV-Z]{25}|(?!ws_)[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/, {
    message:
      "must be a workspace's id (ws_…) or a name of 1–64 characters of A-Za-z0-9._- that begins with a letter or digit",
  })
  .meta({
    description:
      "A workspace's id (`ws_…`), or its name: 1–64 characters of `A-Za-z0-9._-`, the first a letter or digit.",
  });

/** A new workspace's name. */
export const workspaceName = z
  .string()
  .regex(/^(?!ws_)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    message:
      "must be 1–64 characters of A-Za-z0-9._-, the first a letter or digit, and not begin with ws_ as ids do",
  })
  .meta({ description: "1–64 characters of `A-Za-z0-9._-`, the first a letter or digit." });

/** Seconds that a link lives where nobody has said anything: a day. */
export const DEFAULT_EXPIRE_IN = 86_400;

/** Seconds that a link lives at least, and at most by any policy: ten years. */
export const EXPIRE_IN = { min: 60, max: 315_360_000 };
/** How long a link is to live; what policies allow is less, seven days where nobody has set one. */
export const expireIn = z.int().min(EXPIRE_IN.min).max(EXPIRE_IN.max).nullable();
export const EXPIRE_IN_SAYS =
  "Seconds that the link lives, as far as the policy allows: 604,800 (7 days) where none is set. `null`: without an end, where the policy has none";

/** What a policy made of what was asked for. */
export const clampedLink = z
  .object({
    expires_at: z.iso.datetime().meta({ description: "When the link ends instead." }),
    rule: z.string().meta({ description: "By which field of the policy: `links.max_ttl_seconds`." }),
  })
  .meta({
    id: "ClampedLink",
    description: "Only where the link was to live longer than the policy lets it, which shortens it.",
  });

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

/** A list's place after an item: base64url of JSON. The list that gave it judges it, by a code of its own. */
export const cursor = z
  .string()
  .max(2_048)
  .meta({ minLength: 1, pattern: "^[A-Za-z0-9_-]+$", format: "cursor" });

export const page = {
  /** Query of every list. */
  query: {
    limit: wholeNumber("items", { min: 1, max: 100 }).default(50).meta({ description: "Items in one page." }),
    cursor: cursor.optional().meta({
      description:
        "`next_cursor` of the page before, as it came, with the same filters; without it: the first page.",
    }),
  },
  /** Answer of every list. */
  of: <T extends z.ZodType>(item: T) =>
    z.object({
      items: z.array(item).meta({
        description: "This page's part of the list: `limit` at most, and fewer where they are large.",
      }),
      next_cursor: orNull(z.string(), "The `cursor` of the page after this one; `null` on the last."),
    }),
};

type Rule = boolean | { [keyword: string]: unknown };

/**
 * JSON Schema's way to say that one member's presence or value decides what others may be (2020-12, core 10.2.2), for
 * `meta` beside the `refine` that says it to zod.
 */
export function given(when: Rule, then: Rule, otherwise: Rule = true) {
  return { if: when, then, ...(otherwise === true ? {} : { else: otherwise }) };
}

/** Members that may not be there. */
export const without = (...names: string[]) => ({
  properties: Object.fromEntries(names.map((name) => [name, false])),
});

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
export const actor = z
  .object({
    type: z.enum(["client", "person", "link", "system"]).meta({
      description:
        "`client`: an API client; `person`: a human; `link`: whoever has a link; `system`: Wharf itself.",
    }),
    id: z
      .string()
      .meta({ description: "`cli_…`, `usr_…` or `shr_…`, or the part of Wharf, such as `sweep`." }),
  })
  .meta({ id: "Actor", description: "Who did it." });
export type Actor = z.infer<typeof actor>;

/** RFC 9457 problem details, with Wharf's own members. */
export const problem = z.looseObject({
  type: z.string().meta({ description: "URI of the kind of problem: `urn:wharf:problem:` and the code." }),
  title: z
    .string()
    .meta({ description: "The kind of problem in words; the same for every one of its code." }),
  status: z.int().meta({ description: "The answer's HTTP status." }),
  detail: z
    .string()
    .meta({ description: "What was wrong here, what is allowed and what to do next, for people." }),
  code: z.string().meta({ description: "What programs go by: stable, one of the list in `/docs#errors`." }),
  request_id: z
    .string()
    .meta({ description: "The answer's `X-Request-ID`: quote it when you ask for help." }),
});
