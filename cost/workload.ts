/** What a team does in a month, as `examples/workloads/*.json` say it and `npm run cost` prices it. */
import * as z from "zod";

const text = z.string({ error: "must be text" }).min(1, { error: "must be text" }).max(1_000);
/** Beyond it a number is a slip of the pen: a million a second for a month are 2.6e12. */
const MOST = 1e15;
const upTo = (what: string, minimum: number) =>
  `must be a ${what} from ${minimum} to ${MOST.toExponential().replace("+", "")}`;
const amountError = upTo("number", 0);
const amount = z
  .number({ error: amountError })
  .min(0, { error: amountError })
  .max(MOST, { error: amountError });
const wholeFrom = (minimum: number) => {
  const error = `must be a whole number from ${minimum} on`;
  return z
    .int({ error })
    .min(minimum, { error })
    .max(MOST, { error: upTo("whole number", minimum) });
};
const list = <Schema extends z.ZodType>(schema: Schema) =>
  z.array(schema, { error: "must be a list" }).max(100, { error: "must have 100 entries at most" });

const MIB = 1_048_576;
const GIB = 1_024 * MIB;

const upload = z
  .strictObject({
    what: text.describe("What these files are"),
    by: z
      .literal(["session", "request"], { error: 'must be "session" or "request"' })
      .describe("By a session with presigned parts, or by one request, which takes 4 MiB at most"),
    per_month: amount.describe("How many a month"),
    bytes: amount.describe("Bytes of one"),
    parts: wholeFrom(1)
      .max(10_000, { error: "must be 10000 at most" })
      .optional()
      .describe("Parts of one; as Wharf cuts it, mostly of 16 MiB, unless said"),
    keep_days: amount.describe("Days until it is deleted; what is longer than a month is stored for longer"),
  })
  .refine(({ by, bytes }) => by === "session" || bytes <= 4 * MIB, {
    path: ["bytes"],
    error: 'must be 4194304 at most by one request; use "by": "session"',
  })
  .refine(({ by, parts }) => by === "session" || parts === undefined, {
    path: ["parts"],
    error: 'may be said of "by": "session" alone; one request has none',
  });

const download = z.strictObject({
  what: text.describe("Who downloads what"),
  by: z.literal(["link", "api"], { error: 'must be "link" or "api"' }).describe("By a link, or with a token"),
  per_month: amount.describe("How many a month"),
  bytes: amount.describe("Bytes of one"),
});

const deliveries = z.strictObject({
  endpoints: wholeFrom(0).describe("Endpoints that are registered"),
  per_month: amount.describe("Deliveries a month: events × the endpoints that want each"),
  failed_attempts: amount.describe("Attempts a month that fail and are made again"),
  answer_ms: amount.describe("Milliseconds that an endpoint takes to answer"),
});

const locks = z.strictObject({
  per_month: amount.describe("Locks a month, each acquired and released"),
  renewals: amount.describe("Renewals a month"),
});

const polls = z.strictObject({
  readers: amount.describe("Readers of GET /v1/events that wait for the next event all the time"),
  hours_per_day: amount.max(24, { error: "must be 24 at most" }).describe("… so many hours a day"),
});

/** A month of a team's work. */
export const workload = z.strictObject({
  name: text.describe("Name of the workload"),
  about: text.describe("Where its figures are from"),
  people: wholeFrom(1).describe("People who would each need a seat elsewhere"),
  tokens: amount.describe("Tokens a month: each job's or process's, and a new one each 15 minutes"),
  uploads: list(upload).describe("Files that come in"),
  downloads: list(download).describe("Files that go out"),
  links: z
    .strictObject({
      per_month: amount.describe("Links a month that are made later; finalize makes one anyway"),
    })
    .describe("Links beside those that finalize makes"),
  reads: z
    .strictObject({
      files: amount.describe("Reads of a file's facts a month"),
      lists: amount.describe("Folders listed a month, of ten entries"),
    })
    .describe("What is only looked at"),
  deliveries: deliveries.describe("Webhooks"),
  locks: locks.describe("Locks of agents"),
  long_polls: polls.describe("Events read by waiting"),
});

export type Workload = z.infer<typeof workload>;
export type Upload = z.infer<typeof upload>;

/** Parts that an upload by session has: as Wharf cuts it (`planParts`), unless said. */
export function partsOf({ parts, bytes }: Pick<Upload, "parts" | "bytes">): number {
  const size = bytes <= 16 * GIB ? 16 * MIB : Math.max(32 * MIB, Math.ceil(bytes / 10_000 / MIB) * MIB);
  return parts ?? Math.max(1, Math.ceil(bytes / size));
}

/** A file that can't be priced: a line for each fault. */
export class WorkloadError extends Error {}

/** Reads a workload from JSON. @throws WorkloadError naming each member that is wrong, and what is allowed. */
export function readWorkload(json: string, file: string): Workload {
  const { data, error } = workload.safeParse(parsed(json, file));
  if (data !== undefined) return data;
  throw new WorkloadError(
    error.issues
      .flatMap((issue) => faults(issue))
      .map((fault) => `${file}: ${fault}`)
      .join("\n"),
  );
}

function faults(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(
      (key) => `there is no ${[...path, key].join(".")}; there are ${membersAt(path).join(", ")}`,
    );
  const where = path.join(".") || "all of it";
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid"))
    return [`${where} must be an object with ${membersAt(path).join(", ")}`];
  return [`${where} ${issue.message}`];
}

/** Names of the members that are allowed in the object under a path; places in lists are all alike. */
function membersAt(path: readonly string[]): string[] {
  return Object.keys(path.reduce<unknown>(inner, workload.shape) ?? {});
}

/** Members under a key, or of a list's entries under any. */
function inner(shape: unknown, key: string): unknown {
  const schema = typeof shape === "object" && shape !== null ? Reflect.get(shape, key) : undefined;
  if (schema instanceof z.ZodArray)
    return schema.element instanceof z.ZodObject ? schema.element.shape : undefined;
  return schema instanceof z.ZodObject ? schema.shape : shape;
}

function parsed(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new WorkloadError(`${file} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}
