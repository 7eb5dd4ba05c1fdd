/** Runs one authenticated call, with the fault that a test asked for. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./clock.ts";
import { discardingResponse, type Fault } from "./faults.ts";
import { sendBroken, sendLateError } from "./late-answers.ts";
import type { AwsCall, AwsService, CallTrace } from "./types.ts";

/** Makes the call that a service handles, for the response it is to write. */
export type CallOn = (res: ServerResponse, trace: CallTrace, slow?: Promise<unknown>) => AwsCall;

export interface RunOptions {
  service: AwsService;
  callOn: CallOn;
  req: IncomingMessage;
  res: ServerResponse;
  trace: CallTrace;
  path: string;
  requestId: string;
  clock: Clock;
  /** Lets a client that waits for it send its body. */
  proceed(): void;
}

// Amazon S3 API Reference: the calls whose 200 may end in an error.
const LONG_CALLS = ["CompleteMultipartUpload", "CopyObject", "UploadPartCopy"];

/**
 * Answers the call that ran; `undefined` if none did.
 * @throws AwsError what the service or the fault answers; Error for a fault that this call can't have
 */
export async function runCall(fault: Fault | undefined, options: RunOptions): Promise<AwsCall | undefined> {
  const { service, callOn, req, res, trace, clock } = options;
  if (fault === "before") {
    req.socket.destroy();
    return undefined;
  }
  if (isObject(fault) && "error" in fault) throw fault.error;
  if (isObject(fault) && "delayMs" in fault) await sleep(fault.delayMs);
  if (isObject(fault) && ("lateError" in fault || "broken" in fault)) return endBadly(fault, options);
  if (fault === "after" || (isObject(fault) && "after" in fault)) {
    const call = callOn(discardingResponse(req), trace);
    await service.handle(call).catch(() => {});
    trace.status = call.res.statusCode;
    if (isObject(fault)) await fault.after();
    req.socket.destroy();
    return call;
  }
  if (fault === "twice" && service.scope !== "s3") {
    await service.handle(callOn(discardingResponse(req), { ...trace })).catch(() => {});
  }
  const call = callOn(res, trace, slowness(fault, trace, clock));
  await service.handle(call);
  return call;
}

type LateFault = Extract<Fault, { lateError: unknown } | { broken: unknown }>;

async function endBadly(fault: LateFault, options: RunOptions): Promise<AwsCall | undefined> {
  const { service, callOn, req, res, trace, path, requestId } = options;
  const { action } = trace;
  if (!LONG_CALLS.includes(action)) {
    throw new Error(`${action} can't end late; S3 sends an early 200 for ${LONG_CALLS.join(", ")} alone.`);
  }
  options.proceed();
  if ("lateError" in fault) {
    trace.status = 200;
    await sendLateError(req, res, fault, { requestId, resource: path });
    return undefined;
  }
  const heard: Buffer[] = [];
  const listen = (chunk: Buffer) => void heard.push(chunk);
  const call = callOn(discardingResponse(req, listen), trace);
  if (fault.happened) await service.handle(call);
  trace.status = fault.happened ? call.res.statusCode : 200;
  await sendBroken(req, res, fault, { action, heard: Buffer.concat(heard) });
  return call;
}

function slowness(
  fault: Fault | undefined,
  { action }: CallTrace,
  clock: Clock,
): Promise<unknown> | undefined {
  if (!isObject(fault) || !("slow" in fault)) return undefined;
  if (action !== "CompleteMultipartUpload") {
    throw new Error(`${action} can't be slow so; CompleteMultipartUpload can, and delayMs suits any call.`);
  }
  const { slow } = fault;
  return typeof slow === "number"
    ? new Promise<void>((resolve) => void clock.at(clock.now() + slow, resolve))
    : slow;
}

function isObject(fault: Fault | undefined): fault is Exclude<Fault, string> {
  return typeof fault === "object";
}
