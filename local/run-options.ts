/** One authenticated call, and what it takes to run it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "./clock.ts";
import type { FrozenCallers } from "./frozen-callers.ts";
import type { LateCopies } from "./late-copies.ts";
import type { AwsCall, AwsService, CallTrace } from "./types.ts";

/** Makes the call that a service handles, for the response it is to write. */
export type CallOn = (res: ServerResponse, trace: CallTrace, more?: CallExtras) => AwsCall;

export interface CallExtras extends Pick<AwsCall, "slow" | "staleMs"> {
  /** The same request once more. @default the one that came */
  req?: IncomingMessage;
}

export interface RunOptions {
  service: AwsService;
  callOn: CallOn;
  req: IncomingMessage;
  res: ServerResponse;
  trace: CallTrace;
  path: string;
  requestId: string;
  /** As in `FaultCall.index`. */
  index: number;
  /** As in `AwsCall.body`. */
  body: Buffer | undefined;
  clock: Clock;
  late: LateCopies;
  frozen: FrozenCallers;
  /** Lets a client that waits for it send its body. */
  proceed(): void;
  /** Takes the trace of a call that nobody waits for. */
  record(trace: CallTrace): void;
  /** Told of what a service threw while nobody waited. */
  onError(error: unknown, trace: CallTrace): void;
}
