/**
 * An organization's rules as the API writes them: which fields a policy has, what each may be, and what is told of what
 * they make of an act. What they mean stands beside each, a file a rule.
 */
import * as z from "zod";
import { distinct } from "#contract/common.ts";

/** The longest life of a link that can be set, in seconds: ten years. */
const MAX_TTL = 315_360_000;
/** The largest object that S3 takes in parts (S3 User Guide, "Amazon S3 multipart upload limits"): 48.8 TiB. */
const MAX_BYTES = 53_687_091_200_000;
const MAX_DAYS = 3_650;
/** Bytes of a policy as JSON: it stands in a record that every decision reads. */
export const MAX_POLICY_BYTES = 3_072;

const list = (item: z.ZodString) => distinct(item, { max: 50 });
const seconds = z.int().min(60).max(MAX_TTL);
const days = z.int().min(1).max(MAX_DAYS);
const typePattern = z
  .string()
  .max(127)
  .regex(/^[a-z0-9][\w!#$&^.+-]*\/(\*|[a-z0-9][\w!#$&^.+-]*)$/, {
    message: "must be a media type in lower case such as application/pdf, or all of a kind, image/*",
  });
const extension = z
  .string()
  .max(32)
  .regex(/^[^\s./A-Z]+$/u, { message: "must be an extension in lower case without its dot, such as exe" });
const host = z
  .string()
  .max(253)
  .regex(/^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    message: "must be a host in lower case such as hooks.example.com, or all below one, *.example.com",
  });
const network = z
  .union([z.cidrv4(), z.cidrv6()], {
    error: "must be a network such as 192.0.2.0/24 or 2001:db8::/32; one address is /32 or /128",
  })
  .meta({ example: "192.0.2.0/24" });

/** A field: what it says, which of two values is the stricter, and what it does to what exists already. */
const said = <T extends z.ZodType>(schema: T, what: string, stricter: string, existing: string) =>
  schema.optional().meta({
    description: `${what} Of two values the stricter is ${stricter}. What exists already: ${existing}`,
  }) as z.ZodOptional<T>;

const links = {
  allow: said(
    z.enum(["anyone", "organization", "nobody"]),
    "Who may open links: whoever has one, members of the organization with a token of theirs, or nobody, so that none is made either.",
    "`nobody`, then `organization`",
    "Links that exist open for nobody else from then on, and again once it says so.",
  ),
  max_ttl_seconds: said(
    seconds.nullable(),
    "Seconds that a link lives at most; `null`: links may have no end.",
    "the smaller",
    "A link ends at the earlier of its `expires_at` and `created_at` + this, at every opening.",
  ),
  default_ttl_seconds: said(
    seconds,
    "Seconds that a link lives of which nothing else was asked.",
    "the smaller",
    "Nothing.",
  ),
  ttl_mode: said(
    z.enum(["clamp", "refuse"]),
    "What becomes of a link that is to live longer: it gets less, which the answer says, or it is refused.",
    "`refuse`",
    "Nothing.",
  ),
  require_password: said(
    z.boolean(),
    "Whether a link needs a password.",
    "`true`",
    "Nothing: links without one go on.",
  ),
  max_downloads_required: said(
    z.boolean(),
    "Whether a link needs a number of downloads after which it is used up.",
    "`true`",
    "Nothing: links without one go on.",
  ),
  on_upload: said(
    z.enum(["always", "asked"]),
    "Whether an upload makes a link unless it says `share: false`, or only where it says `share: true`.",
    "`asked`",
    "Nothing. A session is finished as the policy is by then.",
  ),
};

const uploads = {
  max_bytes: said(
    z.int().min(0).max(MAX_BYTES).nullable(),
    "Bytes that a file has at most; `null`: any number.",
    "the smaller",
    "Nothing. A session without a size is judged as it is finalized.",
  ),
  allowed_types: said(
    list(typePattern).nullable(),
    "Media types that files may have; `null`: any.",
    "what is in both",
    "Nothing.",
  ),
  denied_types: said(
    list(typePattern),
    "Media types that files may not have.",
    "what is in either",
    "Nothing.",
  ),
  denied_extensions: said(
    list(extension),
    "Extensions that files' names may not have, without the dot.",
    "what is in either",
    "Nothing: a file may keep its name, and gets no other with one of these.",
  ),
  require_checksum: said(
    z.boolean(),
    "Whether whoever uploads says a checksum of the whole file.",
    "`true`",
    "A session that is open needs one as it is finalized.",
  ),
};

const access = {
  allowed_cidrs: said(
    distinct(network, { min: 1, max: 50 }).nullable(),
    "Networks from which calls of the API with a token come; `null`: any. Links and presigned URLs are not bound by it.",
    "what is in both",
    "Tokens and keys that exist act from there alone, from the next call on. URLs that were signed before work for their 60 s.",
  ),
  key_max_ttl_days: said(
    days.nullable(),
    "Days that an API key lives at most; `null`: as long as any may.",
    "the smaller",
    "Nothing: a key that exists lives as long as it was to.",
  ),
  guests: said(
    z.boolean(),
    "Whether guests, and whoever is no member, have what they were granted.",
    "`false`",
    "What guests, and whoever is no member, were granted gives them nothing while it is `false`, and is theirs again after it.",
  ),
};

const webhooks = {
  allowed_hosts: said(
    distinct(host, { max: 50 }).nullable(),
    "Hosts that endpoints may be at; `null`: any public one.",
    "what is in both",
    "Endpoints elsewhere are sent nothing while it says so.",
  ),
};

const retention = {
  trash_days: said(
    days.nullable(),
    "Days that what was deleted stays in the trash; `null`: as the stage is set.",
    "the larger",
    "What is in the trash stays as long as it was to.",
  ),
  versions_keep: said(
    z.int().min(0).max(1_000).nullable(),
    "Old versions kept of each file; `null`: as the stage is set.",
    "the larger",
    "Old versions that are kept are kept by the new number.",
  ),
  legal_hold: said(
    z.boolean(),
    "While `true` nothing is deleted, for whomever.",
    "`true`",
    "Nothing is deleted, replaced for good or purged while it is `true`, and what is in the trash stays there.",
  ),
};

const SECTIONS = {
  links: "What links to files may be.",
  uploads: "What files may be that come there.",
  access: "From where, as what and by which keys.",
  webhooks: "Where endpoints may be.",
  retention: "How long things stay.",
};

/** A policy as it is set: what is left out holds as it does without one, or as the organization's says. */
export const policy = z
  .strictObject({
    links: z.strictObject(links).optional().meta({ description: SECTIONS.links }),
    uploads: z.strictObject(uploads).optional().meta({ description: SECTIONS.uploads }),
    access: z.strictObject(access).optional().meta({ description: SECTIONS.access }),
    webhooks: z.strictObject(webhooks).optional().meta({ description: SECTIONS.webhooks }),
    retention: z.strictObject(retention).optional().meta({ description: SECTIONS.retention }),
  })
  .meta({ id: "Policy" });
/** The same in answers, which may have fields that are yet to come. */
export const policyAsSet = z
  .object({
    links: z.object(links).optional().meta({ description: SECTIONS.links }),
    uploads: z.object(uploads).optional().meta({ description: SECTIONS.uploads }),
    access: z.object(access).optional().meta({ description: SECTIONS.access }),
    webhooks: z.object(webhooks).optional().meta({ description: SECTIONS.webhooks }),
    retention: z.object(retention).optional().meta({ description: SECTIONS.retention }),
  })
  .meta({ id: "PolicyAsSet", description: "As it was set." });
export type Policy = z.infer<typeof policy>;

/** A field of a policy: `links.max_ttl_seconds`. */
export type RuleId = {
  [S in keyof Policy & string]: `${S}.${keyof NonNullable<Policy[S]> & string}`;
}[keyof Policy & string];

/** The value of a field, once it has one. */
export type RuleValue<Id extends RuleId> = Id extends `${infer S extends keyof Policy & string}.${infer F}`
  ? F extends keyof NonNullable<Policy[S]>
    ? Exclude<NonNullable<Policy[S]>[F], undefined>
    : never
  : never;

const sections = policy.shape;
/** All of them, in the order in which they are shown. */
export const ruleIds = Object.entries(sections).flatMap(([section, fields]) =>
  Object.keys(fields.unwrap().shape).map((field) => `${section}.${field}` as RuleId),
);

export const ruleId = z
  .enum(ruleIds as [RuleId, ...RuleId[]])
  .meta({ id: "RuleId", description: "A field of a policy, as `links.max_ttl_seconds`." });
