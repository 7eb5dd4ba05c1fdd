import {
  type DefaultStage,
  defaultStages,
  type retentionDays,
  type Settings,
  stageName,
} from "./settings.ts";

/** What differs between stages; everything else is the same everywhere. */
export interface StageConfig {
  /** Name of the stage, in its stacks' names and in a tag. */
  readonly stage: string;
  /** What becomes of bucket, table and logs when their stack goes (the data stack's termination protection comes first). */
  readonly removal: "destroy" | "retain";
  /** Whether nothing keeps its stacks from being deleted: for the stage that `npm run test:aws` makes and removes. */
  readonly disposable: boolean;
  /** Days for which logs are kept, as CloudWatch Logs has them; 9999 stands for ever. */
  readonly logRetention: (typeof retentionDays)[number];
  /** Requests per second that the API takes before it answers 429, and how many at once on top. */
  readonly throttle: { readonly rate: number; readonly burst: number };
  /**
   * Callers that may wait at the same time, as many for locks as for events; each holds a Lambda environment for up
   * to 20 s. Reserved, so that they starve nobody. 0 reserves none, for accounts too small to: Lambda leaves 100
   * unreserved everywhere.
   */
  readonly waiters: number;
  /**
   * Of these, how many calls may wait at the same time; one client has half of what others leave. Fewer than `waiters`,
   * so that calls which don't wait, and refusals, find an environment.
   */
  readonly waitPlaces: number;
  /** Deliveries workers at once, for each of the two queues. */
  readonly deliverConcurrency: number;
  /** Noncurrent versions kept per file, and for how many days. */
  readonly versions: { readonly keep: number; readonly keepDays: number };
  /** For how many days what was deleted stays in the trash. */
  readonly trashDays: number;
  /**
   * Passwords of links that may be hashed at the same time, each of which keeps an environment of the API busy for a
   * part of a second; a client has half of what others leave, and so have all who try one.
   */
  readonly hashPlaces: number;
  /** Uploads that one client may have open at the same time; more are refused until the sweep counts fewer. */
  readonly sessionsPerClient: number;
  /** Who may make organizations: whoever administers one with a token of `admin`, every member of one, or nobody. */
  readonly orgCreation: "admin" | "member" | "nobody";
  /**
   * What becomes of content of another family than what its name or type promises, as text under `.pdf`: refused with
   * 422, or taken and flagged. What runs when it is opened is refused either way.
   */
  readonly contentMismatch: "refuse" | "flag";
  /** Whether a dashboard shows delivery; alarms watch it anyway. */
  readonly dashboard: boolean;
  /** Origins whose pages may call the API and the bucket from a browser. */
  readonly corsOrigins: readonly string[];
  /**
   * Origin of what stands in front of the API, e.g. `https://files.example.com`.
   * @default that of `domain`, or else the API's own `https://{api}.execute-api.{region}.amazonaws.com/prod`
   */
  readonly publicUrl?: string | undefined;
  /**
   * A domain of your own at API Gateway.
   * @default none
   */
  readonly domain?: DomainConfig | undefined;
  /**
   * Who runs it.
   * @default the start page names nobody
   */
  readonly operator?: OperatorConfig | undefined;
  /**
   * SNS topic that every alarm notifies.
   * @default alarms show in CloudWatch only
   */
  readonly alarmTopicArn?: string | undefined;
  /**
   * Tags on everything, beside `app` and `stage`.
   * @default none
   */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** A name under which clients reach the API, and its certificate. */
export interface DomainConfig {
  /** Such as `files.example.com`; a DNS record of it leads to the service stack's output `DomainTarget`. */
  readonly name: string;
  /** ARN of its certificate in ACM, in the deployment's own region. */
  readonly certificateArn: string;
}

/** Who runs a deployment, as its start page and `/.well-known/security.txt` say. */
export interface OperatorConfig {
  /** Whose it is. */
  readonly name?: string | undefined;
  /** URI by which people reach them: `mailto:share@example.com`, `https://…` or `tel:…`. */
  readonly contact?: string | undefined;
  /**
   * The same for who found a flaw.
   * @default no security.txt
   */
  readonly securityContact?: string | undefined;
  /** URL of guides of your own, for the start page. */
  readonly guides?: string | undefined;
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
  removal: "destroy",
  disposable: false,
  logRetention: 14,
  throttle: { rate: 200, burst: 400 },
  ...small,
  deliverConcurrency: 10,
  versions: { keep: 20, keepDays: 90 },
  trashDays: 30,
  sessionsPerClient: 10_000,
  orgCreation: "admin",
  contentMismatch: "refuse",
  // It would be the dearest thing of a stage that nobody calls.
  dashboard: false,
  corsOrigins: ["*"],
};

const stages: Record<DefaultStage, StageConfig> = {
  dev,
  test: { ...dev, stage: "test", disposable: true, logRetention: 1 },
  prod: {
    stage: "prod",
    removal: "retain",
    disposable: false,
    logRetention: 90,
    throttle: { rate: 1000, burst: 2000 },
    waiters: 50,
    waitPlaces: placesOf(50),
    deliverConcurrency: 50,
    versions: { keep: 20, keepDays: 90 },
    trashDays: 30,
    hashPlaces: 20,
    sessionsPerClient: 10_000,
    orgCreation: "admin",
    contentMismatch: "refuse",
    dashboard: true,
    corsOrigins: ["*"],
  },
};

/** What a stage is made of, but for its name. */
export type StageSettings = Settings & { readonly like?: DefaultStage | undefined };

/**
 * A stage with its defaults, and what is set instead. One with a name of its own begins with those of `like`.
 *
 * @throws Error naming what is allowed.
 */
export function stageConfig(
  stage = "dev",
  { like, throttle, versions, waiters, ...others }: StageSettings = {},
): StageConfig {
  const { error } = stageName.safeParse(stage);
  if (error) throw new Error(`stage ${JSON.stringify(stage)} ${error.issues[0]?.message}`);
  const base = stages[like ?? sameNamed(stage)];
  const config = {
    ...base,
    ...(waiters === undefined ? {} : placesFor(waiters)),
    ...others,
    throttle: { ...base.throttle, ...throttle },
    versions: { ...base.versions, ...versions },
    stage,
  };
  if (config.waiters > 0 && config.waitPlaces > config.waiters)
    throw new Error(
      `waitPlaces ${config.waitPlaces} is more than waiters ${config.waiters}, each of which is one call's place`,
    );
  return config;
}

/** How many may wait and hash by how many environments are reserved. */
function placesFor(waiters: number): Partial<StageConfig> {
  return waiters === 0 ? small : { waiters, waitPlaces: placesOf(waiters) };
}

/** Defaults of the stage's own. @throws Error where it has none. */
function sameNamed(stage: string): DefaultStage {
  const known = defaultStages.find((name) => name === stage);
  if (known !== undefined) return known;
  throw new Error(
    `stage ${JSON.stringify(stage)} is not known; use -c stage=dev or -c stage=prod, or say whose defaults it has: {"stages": {"${stage}": {"like": "dev"}}} in wharf.config.json, or -c like=dev`,
  );
}

/** Tags that CloudFormation puts on all that a stack makes: whose it is, on the bill too. */
export function stageTags({ stage, tags }: StageConfig): Record<string, string> {
  return { ...tags, app: "wharf", stage };
}
