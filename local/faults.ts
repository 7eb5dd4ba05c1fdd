/** Deliberate failures of AWS calls, for tests of crash points. */
import { type IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";
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
 * - `error`: this is the answer, and nothing happened.
 */
export type Fault =
  | "before"
  | "after"
  | "twice"
  | { after: () => void | Promise<void> }
  | { delayMs: number }
  | { error: AwsError };

export type FaultHook = (call: FaultCall) => Fault | undefined | Promise<Fault | undefined>;

/** Makes a response whose bytes go nowhere. */
export function discardingResponse(req: IncomingMessage): ServerResponse {
  const sink = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const res = new ServerResponse(req);
  // A ServerResponse writes only once it has a socket, and asks it for no more than a Duplex has.
  Reflect.apply(res.assignSocket, res, [sink]);
  res.once("finish", () => res.destroy());
  return res;
}
