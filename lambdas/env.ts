/**
 * Every environment variable that a function reads, named once.
 *
 * `lib/` sets them by these names and the functions parse them at cold start, so that a missing one
 * fails the first invocation with its name instead of a request with a riddle.
 */
import * as z from "zod";

const url = z.url();

/** What URL parsers pass over or repair, and a line of security.txt ends with: no URI has any (RFC 3986, 2). */
const bare = (value: string) => !/[\s\p{Cc}\p{Cf}]/u.test(value);

/** RFC 9116, 2.5.3: a URI, and of the web https only. */
const contactError = "must be a URI that begins with https:, mailto: or tel:, without blanks and line ends";
const contact = z
  .url({ protocol: /^(https|mailto|tel)$/, error: contactError })
  .max(1_000, { error: contactError })
  .refine(bare, { error: contactError });

/** Where a link of a page leads: nothing that runs there. */
const guidesError = "must be a URL that begins with https: or http:, without blanks and line ends";
const guides = z
  .url({ protocol: /^https?$/, error: guidesError })
  .max(1_000, { error: guidesError })
  .refine(bare, { error: guidesError });

/** As a line of text shows it. */
const nameError = "must be a line of text, of 200 characters at most, with nothing in it that isn't shown";
const operatorName = z
  .string({ error: nameError })
  .min(1, { error: nameError })
  .max(200, { error: nameError })
  .refine((value) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value), { error: nameError });

/** Who may make organizations: whoever administers one with a token of `admin`, every member of one, or nobody. */
export const orgCreations = ["admin", "member", "nobody"] as const;

/** Variables by function; the values are zod schemas, the keys are the names used by `lib/`. */
export const variables = {
  TABLE_NAME: z.string().min(3),
  BUCKET_NAME: z.string().min(3),
  BUS_NAME: z.string().min(1),
  /** Origin (and stage) under which clients reach the API, without a trailing slash. */
  PUBLIC_URL: url.transform((value) => value.replace(/\/$/, "")),
  /** The API's own name at API Gateway, which no webhook may lead to either. */
  API_HOST: z.string().min(1),
  DELIVER_FIRST_QUEUE_URL: url,
  DELIVER_RETRY_QUEUE_URL: url,
  /** Noncurrent versions kept per file, and for how many days. */
  VERSIONS_KEEP: z.coerce.number().int().min(0).default(20),
  VERSIONS_KEEP_DAYS: z.coerce.number().int().min(1).default(90),
  /** For how many days what was deleted stays in the trash. */
  TRASH_DAYS: z.coerce.number().int().min(1).default(30),
  /** Uploads that one client may have open at the same time. */
  SESSIONS_PER_CLIENT: z.coerce.number().int().min(1).default(10_000),
  /** Passwords that may be hashed at the same time: each takes a core for a part of a second. */
  HASH_PLACES: z.coerce.number().int().min(1).default(20),
  ORG_CREATION: z.enum(orgCreations).default("admin"),
  /** What becomes of bytes of another family than what their name or type promises. */
  CONTENT_MISMATCH: z.enum(["refuse", "flag"]).default("refuse"),
  /** Origins, comma-separated, whose pages may call the API from a browser. */
  CORS_ORIGINS: z.string().default("*"),
  /** Calls that may wait at the same time, for locks or for events: set where calls may wait, and hold nobody up. */
  WAIT_PLACES: z.coerce.number().int().min(0).default(0),
  /** Who runs the deployment and how to reach them, for its start page and security.txt. */
  OPERATOR_NAME: operatorName.optional(),
  OPERATOR_CONTACT: contact.optional(),
  SECURITY_CONTACT: contact.optional(),
  GUIDES_URL: guides.optional(),
  /** Set by the local cloud alone: webhooks may go to http on loopback. A template test proves its absence. */
  WHARF_ALLOW_LOOPBACK_HTTP: z.literal("1").optional(),
  /** Set by Lambda. */
  AWS_REGION: z.string().default("us-east-1"),
  /** Set where the endpoints aren't AWS's own (local cloud, LocalStack). */
  AWS_ENDPOINT_URL: url.optional(),
} as const;

export type VariableName = keyof typeof variables;

export type Env<Name extends VariableName> = { readonly [K in Name]: z.infer<(typeof variables)[K]> };

/**
 * Parses the named variables of `source` (default: the process environment).
 *
 * @throws Error naming every variable that is missing or malformed.
 */
export function readEnv<Name extends VariableName>(
  names: readonly Name[],
  source: Record<string, string | undefined> = process.env,
): Env<Name> {
  const picked = z.object(Object.fromEntries(names.map((name) => [name, variables[name]])));
  const parsed = picked.safeParse(source);
  if (!parsed.success) throw new Error(`environment: ${z.prettifyError(parsed.error)}`);
  return parsed.data as Env<Name>;
}
