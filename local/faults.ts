/**
 * Deliberate failures of AWS calls: lost answers, repeats, copies that arrive late, callers that stop for a while, and
 * reads that are old. A test plans them by a hook (`cloud.setFaults`, `world.setFault`), which is asked before each
 * authenticated call and answers the fault of that one call.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";
import { type S3ErrorCode, s3Error } from "./s3/errors.ts";
import type { AwsError } from "./types.ts";

/** What a hook is told of a call that is about to run. */
export interface FaultCall {
  service: string;
  action: string;
  /** As in `CallTrace.caller`. */
  caller: string;
  /** Id of the Lambda environment, where one made the call. */
  environment?: string;
  method: string;
  /** Percent-decoded path. */
  path: string;
  /** JSON text of a call of DynamoDB, SQS or EventBridge. */
  body?: string;
  /** Number of authenticated calls that this port has seen before. */
  index: number;
}

/**
 * What goes wrong:
 * - `before`: the connection breaks and nothing happened;
 * - `after`: it happened, and the connection breaks instead of answering, so that the caller's SDK tries again. The
 *   object form runs its function in between, to kill the caller before it can;
 * - `twice`: it happens twice, one right after the other, as when a client repeats; the answer is the second one's;
 * - `late`: a copy of the call arrives once more, when nobody expects it any longer. `answered: true`: the call happens
 *   and is answered now. `answered: false`: its connection breaks and nothing has happened yet; the caller's SDK tries
 *   again, and the copy is the first try. The copy carries the authorization that the call came with, and isn't
 *   refused for its age: it was in time when it came, and was held inside. Its outcome goes to a trace of its own
 *   (`late: true`) and nowhere else. `late.flush()` lets all that wait arrive, `late.arrived()` waits for
 *   those whose time has come; none outlives the server;
 * - `freeze`: the caller stops, before the call takes effect or, with `happened`, between that and its answer, and then
 *   goes on as though nothing had been. Where a Lambda environment called, its other calls stand still as well. Those
 *   of others go on. Keep it shorter than 10 s of real time, when the caller's SDK gives up: move the clock, or resolve
 *   the promise;
 * - `staleMs`: DynamoDB answers as it was that many milliseconds ago, by the cloud's clock: an index, or a read that
 *   doesn't ask for `ConsistentRead` (`mayBeStale` says which calls). What was is known from `keepHistory` on, and
 *   `Infinity` is the moment at which that was called. `"changed"` is the moment before its answer last changed;
 * - `delayMs`: it happens that much later, in real milliseconds;
 * - `error`: this is the answer, and nothing happened (`s3Fault` makes S3's).
 *
 * S3 sends the 200 of a long call (CompleteMultipartUpload, CopyObject, UploadPartCopy) before it knows how the call
 * ends, and keeps the connection alive with white space. What can go wrong then:
 * - `lateError`: the 200 ends in this `<Error>`, and nothing happened;
 * - `broken`: the 200 ends without its document. `happened` says whether the call took effect all the same;
 * - `slow` (CompleteMultipartUpload alone): the upload is gone at once, and the object appears this much later, by
 *   the cloud's clock in milliseconds or when the promise resolves.
 * Source: Amazon S3 API Reference, CompleteMultipartUpload and CopyObject.
 */
export type Fault =
  | "before"
  | "after"
  | "twice"
  | { after: () => void | Promise<void> }
  | { late: LateBy; answered: boolean }
  | { freeze: Pause; happened?: boolean }
  | { staleMs: number | "changed" }
  | { delayMs: number }
  | { error: AwsError }
  | { lateError: AwsError; layout?: LateLayout }
  | { broken: BrokenForm; happened: boolean; end?: BrokenEnd }
  | { slow: Pause };

/** By the cloud's clock in milliseconds, or until the promise resolves. */
export type Pause = number | Promise<unknown>;

/**
 * When a copy arrives: once that many further authenticated calls have ended, before any later one happens, or by the
 * cloud's clock in milliseconds.
 */
export type LateBy = { afterCalls: number } | { afterMs: number };

/**
 * Where the white space of a late error stands: nowhere, before the XML declaration, or between it and `<Error>`.
 * @default "between"
 */
export type LateLayout = "none" | "before" | "between" | "both";

/**
 * What is left of the document: nothing; the XML declaration and white space; its first half; all but the root's end
 * tag. Source of the first two: aws-sdk-js-v3, `throw-200-exceptions.ts`.
 */
export type BrokenForm = "empty" | "preamble" | "half" | "unclosed";

/**
 * `cut`: the connection closes in the middle of the message; `clean`: the message ends as if it were whole.
 * @default "cut"
 */
export type BrokenEnd = "cut" | "clean";

/** S3's own answer of that name, such as `s3Fault("SlowDown")`: nothing happened. */
export function s3Fault(code: S3ErrorCode, details?: Parameters<typeof s3Error>[1]): { error: AwsError } {
  return { error: s3Error(code, details) };
}

/** Reads of DynamoDB that are eventually consistent unless they say otherwise. */
const READS = ["GetItem", "BatchGetItem", "Query", "Scan"];

/**
 * Whether DynamoDB may answer this call as it was a moment ago: an index always, a table where no `ConsistentRead` is
 * asked for. Source: Amazon DynamoDB Developer Guide, "DynamoDB read consistency".
 */
export function mayBeStale({
  service,
  action,
  body = "",
}: Pick<FaultCall, "service" | "action" | "body">): boolean {
  return service === "dynamodb" && READS.includes(action) && !/"ConsistentRead"\s*:\s*true/.test(body);
}

export type FaultHook = (call: FaultCall) => Fault | undefined | Promise<Fault | undefined>;

/** Makes a response whose bytes go nowhere but to `heard`. */
export function discardingResponse(
  req: IncomingMessage,
  heard: (chunk: Buffer) => void = () => {},
): ServerResponse {
  const sink = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      heard(chunk);
      done();
    },
  });
  const res = new ServerResponse(req);
  // A ServerResponse writes only once it has a socket, and asks it for no more than a Duplex has.
  Reflect.apply(res.assignSocket, res, [sink]);
  res.once("finish", () => res.destroy());
  return res;
}
