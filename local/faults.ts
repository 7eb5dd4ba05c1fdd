/** Deliberate failures of AWS calls, for tests of crash points. */
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
 * - `after`: it happened, and the connection breaks instead of answering. The object form runs its function in
 *   between, to kill the caller before it can try again;
 * - `twice`: it happens twice, as when a client repeats (JSON services only);
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
  | { delayMs: number }
  | { error: AwsError }
  | { lateError: AwsError; layout?: LateLayout }
  | { broken: BrokenForm; happened: boolean; end?: BrokenEnd }
  | { slow: number | Promise<unknown> };

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
