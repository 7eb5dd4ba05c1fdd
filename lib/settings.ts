/** What whoever deploys may set, in `wharf.config.json` or by `-c`. What isn't set is by `config.ts`. */
import * as z from "zod";
import { orgCreations, variables } from "#lambdas/env.ts";

/** Stages that have defaults of their own, which others begin with. */
export const defaultStages = ["dev", "prod", "test"] as const;
export type DefaultStage = (typeof defaultStages)[number];

/** Part of the stacks' names, which are in every resource's: IAM's roles have 64 characters for all of it. */
export const stageName = z.string().regex(/^[a-z](-?[a-z0-9]){0,19}$/, {
  error: "must be 1 to 20 of a-z, 0-9 and single hyphens, beginning with a letter",
});

/** CloudWatch Logs keeps what it has for one of these, in days; 9999 stands for ever. */
export const retentionDays = [
  ...([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545] as const),
  ...([731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, 9999] as const),
] as const;

const matching = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });
const one = <const Values extends readonly [string | number, ...(string | number)[]]>(
  values: Values,
  error = `must be ${values.join(" or ")}`,
) => z.literal(values, { error });

function whole(least: number) {
  const error = `must be a whole number from ${least} on`;
  return z.int({ error }).min(least, { error });
}

/** An origin as browsers write it: no path, no slash at the end, no default port. */
const isOrigin = (value: string, protocol: RegExp) => {
  const url = URL.parse(value);
  return url !== null && protocol.test(url.protocol) && url.origin === value && !value.includes("*");
};

const publicUrlError = "must be an https origin such as https://files.example.com, with no path and no slash";
const pagesError = 'must be "*", or origins such as https://app.example.com';
const page = z
  .string({ error: pagesError })
  .refine((value) => value === "*" || isOrigin(value, /^https?:$/), { error: pagesError });
const tagsError = 'must be tags such as {"team": "platform"}, none of them app, stage or aws:…';

/** Everything that may be set, for all stages or for one. */
export const settings = z.strictObject({
  domain: z
    .strictObject({
      name: matching(
        /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
        "must be a name such as files.example.com, in lower case",
      ).describe("Name under which clients reach the API"),
      certificateArn: matching(
        /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
        "must be the ARN of a certificate of ACM, in the region of the deployment",
      ).describe("Its certificate, in ACM and in the deployment's region"),
    })
    .optional()
    .describe("A domain of your own at API Gateway; a DNS record leads to the output DomainTarget"),
  publicUrl: z
    .string({ error: publicUrlError })
    .refine((value) => isOrigin(value, /^https:$/), { error: publicUrlError })
    .optional()
    .describe("Origin in links and upload URLs, where a domain or a CDN of your own stands in front"),
  alarmTopicArn: matching(
    // CloudWatch notifies no FIFO topic (their names end in .fifo).
    /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/,
    "must be the ARN of a standard SNS topic",
  )
    .optional()
    .describe("SNS topic that every alarm notifies"),
  operator: z
    .strictObject({
      name: variables.OPERATOR_NAME.describe("Who runs it"),
      contact: variables.OPERATOR_CONTACT.describe("How people reach them: mailto:, https: or tel:"),
      securityContact: variables.SECURITY_CONTACT.describe(
        "The same for who found a flaw, in /.well-known/security.txt",
      ),
      guides: variables.GUIDES_URL.describe("URL of guides of your own"),
    })
    .optional()
    .describe("Who runs the deployment, as its start page says"),
  corsOrigins: z
    .array(page, { error: pagesError })
    .min(1, { error: pagesError })
    .refine((pages) => pages.length === 1 || !pages.includes("*"), {
      error: 'must be ["*"] alone, which allows every page, or origins without it',
    })
    .optional()
    .describe("Origins whose pages may call the API and the bucket from a browser"),
  tags: z
    .record(
      z.string().regex(/^(?!(app|stage)$|aws:).{1,128}$/, { error: tagsError }),
      z.string({ error: tagsError }).max(256, { error: tagsError }),
      { error: tagsError },
    )
    .refine((tags) => Object.keys(tags).length <= 48, {
      error: "must be 48 tags at most, beside Wharf's two",
    })
    .optional()
    .describe("Tags on everything, beside app=wharf and stage"),
  throttle: z
    .strictObject({
      rate: whole(1).optional().describe("Requests per second that the API takes before it answers 429"),
      burst: whole(1).optional().describe("How many at once on top"),
    })
    .optional()
    .describe("Bounds on all requests together"),
  waiters: whole(0)
    .optional()
    .describe("Concurrency reserved for calls that wait, as much for locks as for events; 0 reserves none"),
  waitPlaces: whole(1).optional().describe("Calls of each kind that may wait at the same time"),
  hashPlaces: whole(1).optional().describe("Passwords of links that may be hashed at the same time"),
  // SQS event sources: 2 to 1,000.
  deliverConcurrency: whole(2)
    .max(1_000, { error: "must be 1000 at most" })
    .optional()
    .describe("Webhook deliveries' workers at once, for each of the two queues"),
  sessionsPerClient: whole(1).optional().describe("Uploads that one client may have open at the same time"),
  orgCreation: one(orgCreations)
    .optional()
    .describe("Who may make organizations over the API: their admins, every member of one, or nobody"),
  versions: z
    .strictObject({
      keep: whole(0).optional().describe("Old versions kept of each file"),
      keepDays: whole(1).optional().describe("… and for how many days"),
    })
    .optional()
    .describe("What is kept of files' old versions"),
  trashDays: whole(1).optional().describe("For how many days what was deleted can be restored"),
  contentMismatch: one(["refuse", "flag"])
    .optional()
    .describe("What becomes of content of another family than its name promises"),
  dashboard: z
    .boolean({ error: "must be true or false" })
    .optional()
    .describe("Whether a dashboard shows delivery, for 3 $ a month; alarms watch it anyway"),
  logRetention: one(retentionDays, `must be one of ${retentionDays.join(", ")}`)
    .optional()
    .describe("Days for which logs are kept; 9999 stands for ever"),
  removal: one(["destroy", "retain"])
    .optional()
    .describe("What becomes of bucket, table and logs when their stack is deleted"),
});

export type Settings = z.infer<typeof settings>;

/** Which defaults a stage of another name begins with. */
export const like = one(defaultStages)
  .optional()
  .describe("Stage whose defaults this one has: needed for names other than dev, prod and test");

/** `wharf.config.json`: settings for every stage, and by stage, which win. */
export const settingsFile = settings.extend({
  $schema: z.string().optional(),
  stages: z.record(stageName, settings.extend({ like })).optional().describe("Settings by stage"),
});
