/** `npm run cost`: a workload's month, or a million of each. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { MILLISECONDS, type Milliseconds } from "./assumptions.ts";
import { idleCost } from "./idle-cost.ts";
import { millions } from "./million.ts";
import { priceWorkload } from "./price-workload.ts";
import { millionReport, monthReport } from "./report.ts";
import { rivalsOf } from "./rivals.ts";
import { whatIf } from "./what-if.ts";
import { readWorkload, WorkloadError } from "./workload.ts";

const USAGE = `npm run cost -- [FILE] [options]

Prices a month of the workload in FILE (examples/workloads/*.json) at AWS's list prices in us-east-1,
without free tiers. Without FILE: what a million of each costs, and a stage that nobody calls.

  --set NAME=10x     another number: deliveries=10x, uploads.bytes=5000000, locks.renewals=0
  --webhooks 10x     the same as --set deliveries=10x
  --scan             GuardDuty scans all that comes in
  --stage NAME       whose idle cost is added: prod (unless said) or dev
  --ms NAME=N        milliseconds: ${Object.entries(MILLISECONDS)
    .map(([name, ms]) => `${name}=${ms}`)
    .join(", ")}
  --json             the same as JSON: npm run --silent cost -- FILE --json

docs/costs.md says what is counted and what is assumed.`;

const stages = ["prod", "dev"] as const;

export interface Answer {
  readonly text: string;
  /** Exit code: 2 where the command was wrong. */
  readonly code: number;
}

/** Templates of a stage's stacks, as JSON. */
export type Templates = (stage: (typeof stages)[number]) => readonly unknown[];

/** Answers a command. It never throws for what its user has written. */
export function runCost(args: readonly string[], templates: Templates): Answer {
  try {
    return { text: answer(read(args), templates), code: 0 };
  } catch (error) {
    if (error instanceof WorkloadError || isOfArguments(error))
      return { text: `${error.message}\n\nnpm run cost -- --help says what there is.`, code: 2 };
    throw error;
  }
}

function answer({ file, options }: ReturnType<typeof read>, templates: Templates): string {
  if (options.help) return USAGE;
  const milliseconds = options.ms.reduce(changed, MILLISECONDS);
  if (file === undefined) {
    if (options.scan || options.set.length + options.webhooks.length > 0)
      throw new WorkloadError("--scan, --set and --webhooks change a month's workload: name its FILE");
    const each = millions(undefined, milliseconds);
    const idle = {
      dev: idleCost(templates("dev"), { milliseconds }),
      prod: idleCost(templates("prod"), { milliseconds }),
    };
    return options.json
      ? JSON.stringify({ millions: each, idle }, null, 2)
      : `${USAGE}\n\n${millionReport(each, idle)}`;
  }
  const changes = [...options.set, ...options.webhooks.map((factor) => `deliveries=${factor}`)];
  const workload = whatIf(readWorkload(textOf(file), file), changes);
  const idle = idleCost(templates(options.stage), { milliseconds });
  const month = priceWorkload(workload, { milliseconds, scan: options.scan, idle });
  const rivals = rivalsOf(workload, month);
  return options.json
    ? JSON.stringify({ workload, month, rivals }, null, 2)
    : monthReport(workload, month, rivals);
}

function read(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      set: { type: "string", multiple: true, default: [] },
      webhooks: { type: "string", multiple: true, default: [] },
      ms: { type: "string", multiple: true, default: [] },
      scan: { type: "boolean", default: false },
      stage: { type: "string", default: "prod" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [file, ...more] = positionals;
  if (more.length > 0) throw new WorkloadError(`one file at a time: ${positionals.join(", ")}`);
  const stage = stages.find((one) => one === values.stage);
  if (stage === undefined) throw new WorkloadError(`--stage ${values.stage}: must be ${stages.join(" or ")}`);
  return { file, options: { ...values, stage } };
}

function changed(milliseconds: Milliseconds, change: string): Milliseconds {
  const [, name = "", ms = ""] = /^(\w+)=(\d+(?:\.\d+)?)$/.exec(change) ?? [];
  if (!Object.hasOwn(milliseconds, name))
    throw new WorkloadError(
      `--ms ${change}: must be NAME=N, with ${Object.keys(milliseconds).join(", ")} as NAME`,
    );
  return { ...milliseconds, [name]: Number(ms) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new WorkloadError(`${file} can't be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** What `parseArgs` says of flags that there aren't. */
function isOfArguments(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
