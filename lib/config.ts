import { RemovalPolicy } from "aws-cdk-lib";
import { RetentionDays } from "aws-cdk-lib/aws-logs";

export type StageName = "dev" | "prod" | "test";

/** What differs between stages; everything else is the same everywhere. */
export interface StageConfig {
  readonly stage: StageName;
  /** What becomes of bucket, table and logs when their stack goes (the data stack's termination protection comes first). */
  readonly removal: RemovalPolicy;
  /** Whether nothing keeps its stacks from being deleted: for the stage that `npm run test:aws` makes and removes. */
  readonly disposable: boolean;
  readonly logRetention: RetentionDays;
  /** Requests per second that the API takes before it answers 429, and how many at once on top. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /**
   * Callers that may wait at the same time, as many for locks as for events; each holds a Lambda environment for up
   * to 20 s. Reserved, so that they starve nobody. 0 reserves none, for accounts too small to: Lambda leaves 100
   * unreserved everywhere.
   */
  readonly waiters: number;
  /**
   * Of these, how many calls may wait at the same time; half of them are one client's at most. Fewer than `waiters`,
   * so that calls which don't wait, and refusals, find an environment.
   */
  readonly waitPlaces: number;
  /** Deliveries workers at once, for each of the two queues. */
  readonly deliverConcurrency: number;
  /** Noncurrent versions kept per file, and for how many days. */
  readonly versions: { readonly keep: number; readonly keepDays: number };
  /**
   * Passwords of links that may be hashed at the same time, each of which keeps an environment of the API busy for a
   * part of a second; half of them are one client's, and half for all who try one, at most.
   */
  readonly hashPlaces: number;
  /** Uploads that one client may have open at the same time; more are refused until the sweep counts fewer. */
  readonly sessionsPerClient: number;
  /**
   * What becomes of content of another family than what its name or type promises, as text under `.pdf`: refused with
   * 422, or taken and flagged. What runs when it is opened is refused either way.
   */
  readonly contentMismatch: "refuse" | "flag";
  /** Origins whose pages may call the API and the bucket from a browser. */
  readonly corsOrigins: readonly string[];
  /**
   * Origin of a domain of your own in front of the API, e.g. `https://files.example.com`.
   * @default the API's own `https://{api}.execute-api.{region}.amazonaws.com/prod`
   */
  readonly publicUrl?: string;
  /**
   * Who runs it.
   * @default the start page names nobody
   */
  readonly operator?: OperatorConfig;
  /**
   * SNS topic that every alarm notifies.
   * @default alarms show in CloudWatch only
   */
  readonly alarmTopicArn?: string;
}

/** Who runs a deployment, as its start page and `/.well-known/security.txt` say. */
export interface OperatorConfig {
  readonly name?: string;
  /** URI by which people reach them: `mailto:share@example.com`, `https://…` or `tel:…`. */
  readonly contact?: string;
  /**
   * The same for who found a flaw.
   * @default no security.txt
   */
  readonly securityContact?: string;
  /** URL of guides of your own, for the start page. */
  readonly guides?: string;
}

/** Four fifths of the environments. */
function placesOf(waiters: number): number {
  return Math.max(1, Math.floor(waiters * 0.8));
}

/**
 * For accounts whose limit is 10 in all: any reservation would fail the deployment, and of each kind of what takes
 * its time there are as many as leave others an environment, also of the 4 that a function has here.
 */
const small = { waiters: 0, waitPlaces: 3, hashPlaces: 3 };

const dev: StageConfig = {
  stage: "dev",
  removal: RemovalPolicy.DESTROY,
  disposable: false,
  logRetention: RetentionDays.TWO_WEEKS,
  throttle: { rate: 200, burst: 400 },
  ...small,
  deliverConcurrency: 10,
  versions: { keep: 20, keepDays: 90 },
  sessionsPerClient: 10_000,
  contentMismatch: "refuse",
  corsOrigins: ["*"],
};

const stages: Record<StageName, StageConfig> = {
  dev,
  test: { ...dev, stage: "test", disposable: true, logRetention: RetentionDays.ONE_DAY },
  prod: {
    stage: "prod",
    removal: RemovalPolicy.RETAIN,
    disposable: false,
    logRetention: RetentionDays.THREE_MONTHS,
    throttle: { rate: 1000, burst: 2000 },
    waiters: 50,
    waitPlaces: placesOf(50),
    deliverConcurrency: 50,
    versions: { keep: 20, keepDays: 90 },
    hashPlaces: 20,
    sessionsPerClient: 10_000,
    contentMismatch: "refuse",
    corsOrigins: ["*"],
  },
};

/**
 * The stage that the context names (`cdk deploy -c stage=prod -c waiters=0`).
 *
 * @throws Error naming what is allowed.
 */
export function stageConfig(name: unknown = "dev", waiters?: unknown): StageConfig {
  if (name !== "dev" && name !== "prod" && name !== "test")
    throw new Error(
      `stage ${JSON.stringify(name)} is not known; use -c stage=dev or -c stage=prod (-c stage=test is what npm run test:aws makes and removes)`,
    );
  if (waiters === undefined) return stages[name];
  const count = Number(waiters);
  if (waiters === "" || !Number.isInteger(count) || count < 0)
    throw new Error(`waiters ${JSON.stringify(waiters)} is no number of waiters; use -c waiters=0 or more`);
  return { ...stages[name], ...(count === 0 ? small : { waiters: count, waitPlaces: placesOf(count) }) };
}

/** Tags that CloudFormation puts on all that a stack makes: whose it is, on the bill too. */
export function stageTags({ stage }: StageConfig): Record<string, string> {
  return { app: "wharf", stage };
}
