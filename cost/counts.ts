/** What each verb does at AWS, as the local cloud counted it: `counts.json`, which a story holds against new counts. */
import { readFileSync } from "node:fs";
import * as z from "zod";

/** Functions by the folder of their code, with their memory in MiB; a test compares it with the template. */
export const MEMORY_MB = {
  api: 1024,
  wait: 512,
  relay: 512,
  "fan-out": 512,
  deliver: 512,
  ingest: 512,
  sweep: 512,
} as const;

export type FunctionName = keyof typeof MEMORY_MB;

const whole = z.int().nonnegative();
const count = z.number().nonnegative();

const functionEffects = z.strictObject({
  invocations: whole,
  /** AWS calls by service. */
  calls: z.strictObject({ dynamodb: whole, s3: whole, sqs: whole, events: whole }),
});

/** What something does at AWS, with all that it sets off. */
const effects = z.strictObject({
  /** Requests that API Gateway takes. */
  requests: count,
  functions: z.partialRecord(
    z.enum(["api", "wait", "relay", "fan-out", "deliver", "ingest", "sweep"]),
    functionEffects,
  ),
  readUnits: count,
  writeUnits: count,
  s3Writes: count,
  s3Reads: count,
  /** Sent, received and deleted. */
  queueRequests: count,
  /** Those of them whose messages carry a group. */
  fairRequests: count,
  busEvents: count,
  objectEvents: count,
  /** Bytes of the functions' lines and of API Gateway's. */
  logBytes: count,
  /** Bytes sent to callers and to endpoints; objects apart. */
  bytesOut: count,
});

export type Effects = z.infer<typeof effects>;

/** Verb → what one call does. */
export const verbs = {
  token: "POST /v1/auth/token",
  start: "POST /v1/uploads, into a folder that is there",
  partUrls: "POST /v1/uploads/{id}/parts, 32 URLs",
  finalize: "POST /v1/uploads/{id}/finalize, with a link and its events",
  upload: "POST /v1/files/upload, with a link and its events",
  read: "GET /v1/files/{id}",
  list: "GET /v1/workspaces/{ws}/files, 10 entries",
  download: "GET /v1/files/{id}/content",
  open: "GET /s/{token} by a program, the first of a reader",
  share: "POST /v1/files/{id}/shares",
  remove: "DELETE /v1/files/{id}, and its bytes 16 minutes later",
  lock: "POST /v1/files/{id}/lock",
  renew: "POST /v1/files/{id}/lock/renew",
  unlock: "DELETE /v1/files/{id}/lock",
  delivery: "of any event, the delivery to one endpoint, answered at once",
  failedAttempt: "of a delivery, each attempt that failed and is made again",
  poll: "GET /v1/events, where there is nothing new",
} as const;

export type Verb = keyof typeof verbs;

const verbNames = Object.keys(verbs) as [Verb, ...Verb[]];

export const countsFile = z.strictObject({
  verbs: z.record(z.enum(verbNames), effects),
  /** What a stage that nobody calls does each minute; polls of its queues apart. */
  idleMinute: effects,
  /** Metrics of its own that it writes then. */
  idleMetrics: whole,
});

export type Counts = z.infer<typeof countsFile>;

export const COUNTS_FILE = new URL("./counts.json", import.meta.url);

/** The committed counts. @throws ZodError where the file isn't of their form. */
export function readCounts(): Counts {
  return countsFile.parse(JSON.parse(readFileSync(COUNTS_FILE, "utf8")));
}

export const NOTHING: Effects = {
  ...{ requests: 0, functions: {}, readUnits: 0, writeUnits: 0, s3Writes: 0, s3Reads: 0 },
  ...{ queueRequests: 0, fairRequests: 0, busEvents: 0, objectEvents: 0, logBytes: 0, bytesOut: 0 },
};

const NO_CALLS = { dynamodb: 0, s3: 0, sqs: 0, events: 0 };
const NUMBERS = [
  ...(["requests", "readUnits", "writeUnits", "s3Writes", "s3Reads", "queueRequests"] as const),
  ...(["fairRequests", "busEvents", "objectEvents", "logBytes", "bytesOut"] as const),
];

/** `one` and `times` × `other` together; −1 takes away. */
export function plus(one: Effects, other: Effects, times = 1): Effects {
  const sums = NUMBERS.map((name) => [name, one[name] + times * other[name]]);
  const functions = (Object.keys(MEMORY_MB) as FunctionName[]).flatMap((name) => {
    const a = one.functions[name] ?? { invocations: 0, calls: NO_CALLS };
    const b = other.functions[name] ?? { invocations: 0, calls: NO_CALLS };
    const invocations = a.invocations + times * b.invocations;
    const calls = {
      dynamodb: a.calls.dynamodb + times * b.calls.dynamodb,
      s3: a.calls.s3 + times * b.calls.s3,
      sqs: a.calls.sqs + times * b.calls.sqs,
      events: a.calls.events + times * b.calls.events,
    };
    return invocations === 0 && Object.values(calls).every((each) => each === 0)
      ? []
      : [[name, { invocations, calls }] as const];
  });
  return { ...one, ...Object.fromEntries(sums), functions: Object.fromEntries(functions) };
}
