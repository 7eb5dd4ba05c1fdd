/** What was watched → what AWS charges for. */
import type { CallTrace, LogLine } from "@wharf/local-cloud";
import { ACCESS_LOG_BYTES, BYTES_PER_LOG_EVENT, HEADER_BYTES } from "#cost/assumptions.ts";
import { type Effects, type FunctionName, MEMORY_MB, NOTHING } from "#cost/counts.ts";
import { s3PriceOf } from "#cost/prices.ts";
import type { Watched } from "./watch.ts";

/** Functions by how their logical ids, and those of their roles, begin. */
const names: [prefix: string, name: FunctionName][] = [
  ["Api", "api"],
  ["Wait", "wait"],
  ["Events", "wait"],
  ["Relay", "relay"],
  ["WebhooksFanOut", "fan-out"],
  ["WebhooksDeliver", "deliver"],
  ["Ingest", "ingest"],
  ["Sweep", "sweep"],
];

/** Those that a queue feeds: a receive and a delete each, since nothing else is in the queue to share them. */
const FED: readonly string[] = ["fan-out", "deliver", "ingest", "sweep"] satisfies FunctionName[];
const FAIR: readonly string[] = ["deliver"] satisfies FunctionName[];
/** What S3 makes an object by, and tells of. */
const TOLD = new Set(["PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject"]);

/** Adds up what was watched. `requests` of the API were answered with so many bytes in all, headers apart. */
export function effectsOf(
  { traces, lines, busEvents }: Omit<Watched<unknown>, "answer">,
  { requests, answered, sent = 0 }: { requests: number; answered: number; sent?: number },
): Effects {
  const functions = functionsOf(traces, lines);
  const invocations = (wanted: readonly string[]) =>
    Object.entries(functions).reduce(
      (sum, [name, one]) => sum + (wanted.includes(name) ? one.invocations : 0),
      0,
    );
  const charged = traces.flatMap(({ service, action }) =>
    service === "s3" ? (s3PriceOf(action) ?? []) : [],
  );
  const objectEvents = traces.filter(
    ({ service, action, status }) => service === "s3" && TOLD.has(action) && status < 300,
  ).length;
  const sends = traces.filter(({ service }) => service === "sqs").length;
  return {
    ...NOTHING,
    requests,
    functions,
    readUnits: sum(traces.map(({ readUnits = 0 }) => readUnits)),
    writeUnits: sum(traces.map(({ writeUnits = 0 }) => writeUnits)),
    s3Writes: charged.filter((name) => name === "s3Write").length,
    s3Reads: charged.filter((name) => name === "s3Read").length,
    // EventBridge sends a message for each event that a rule matches: ours all, S3's but for deletions.
    queueRequests: sends + busEvents + invocations(["ingest", "sweep"]) + 2 * invocations(FED),
    fairRequests: sends + 2 * invocations(FAIR),
    busEvents,
    objectEvents,
    logBytes: sum(lines.map(bytesOf)) + requests * (ACCESS_LOG_BYTES + BYTES_PER_LOG_EVENT),
    bytesOut: answered + requests * HEADER_BYTES + sent,
  };
}

function functionsOf(traces: readonly CallTrace[], lines: readonly LogLine[]): Effects["functions"] {
  return Object.fromEntries(
    (Object.keys(MEMORY_MB) as FunctionName[]).flatMap((name) => {
      const calls = traces.filter(({ caller }) => functionOf(caller) === name);
      const of = (service: string) => calls.filter((call) => call.service === service).length;
      // Each ends with a line that counts its calls.
      const invocations = lines.filter(
        (line) => functionOf(line.function) === name && line.text.includes('"aws_calls":'),
      );
      return invocations.length + calls.length === 0
        ? []
        : [
            [
              name,
              {
                invocations: invocations.length,
                calls: { dynamodb: of("dynamodb"), s3: of("s3"), sqs: of("sqs"), events: of("events") },
              },
            ],
          ];
    }),
  );
}

/** By the logical id of a function or its role; `undefined` for a presigned URL's caller, whom no function waits for. */
export function functionOf(id: string): FunctionName | undefined {
  return names.find(([prefix]) => id.startsWith(prefix))?.[1];
}

/** Bytes of a line, with three digits for each number, so that durations and times of day count the same each time. */
function bytesOf({ text }: LogLine): number {
  return Buffer.byteLength(text.replaceAll(/(?<=[[:,])\d+(?=[,\]}])/g, "100")) + BYTES_PER_LOG_EVENT;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
