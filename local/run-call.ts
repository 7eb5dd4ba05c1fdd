/** Runs one authenticated call, with the fault that a test asked for. */
import { setTimeout as sleep } from "node:timers/promises";
import { discardingResponse, type Fault, mayBeStale } from "./faults.ts";
import { passed } from "./frozen-callers.ts";
import { sendBroken, sendLateError } from "./late-answers.ts";
import { runTwice, runWithCopy } from "./repeat-call.ts";
import type { CallExtras, RunOptions } from "./run-options.ts";
import type { AwsCall } from "./types.ts";

// Amazon S3 API Reference: the calls whose 200 may end in an error.
const LONG_CALLS = ["CompleteMultipartUpload", "CopyObject", "UploadPartCopy"];

/**
 * Answers the call that ran; `undefined` if none did.
 * @throws AwsError what the service or the fault answers; Error for a fault that this call can't have
 */
export async function runCall(fault: Fault | undefined, options: RunOptions): Promise<AwsCall | undefined> {
  if (fault === undefined) return run(options);
  if (fault === "before") {
    options.req.socket.destroy();
    return undefined;
  }
  if (fault === "after") return loseAnswer(options);
  if (fault === "twice") return runTwice(options);
  if ("after" in fault) return loseAnswer(options, fault.after);
  if ("late" in fault) return runWithCopy(fault, options);
  if ("freeze" in fault) return runFrozen(fault, options);
  if ("error" in fault) throw fault.error;
  if ("lateError" in fault || "broken" in fault) return endBadly(fault, options);
  if ("delayMs" in fault) {
    await sleep(fault.delayMs);
    return run(options);
  }
  return run(options, "staleMs" in fault ? age(fault, options) : { slow: slowness(fault, options) });
}

async function run({ service, callOn, res, trace }: RunOptions, more?: CallExtras): Promise<AwsCall> {
  const call = callOn(res, trace, more);
  await service.handle(call);
  return call;
}

async function loseAnswer(options: RunOptions, meanwhile?: () => void | Promise<void>): Promise<AwsCall> {
  const { service, callOn, req, trace } = options;
  const call = callOn(discardingResponse(req), trace);
  await service.handle(call).catch(() => {});
  trace.status = call.res.statusCode;
  await meanwhile?.();
  req.socket.destroy();
  return call;
}

async function runFrozen(
  { freeze, happened = false }: Extract<Fault, { freeze: unknown }>,
  options: RunOptions,
): Promise<AwsCall> {
  const { service, callOn, req, res, trace, frozen } = options;
  const thaw = () => frozen.freeze(freeze, trace.environment);
  if (!happened) {
    await thaw();
    return run(options);
  }
  const heard: Buffer[] = [];
  const unheard = discardingResponse(req, (chunk) => void heard.push(chunk));
  unheard.setHeaders(new Map(Object.entries(res.getHeaders()).map(([name, value = ""]) => [name, value])));
  unheard.shouldKeepAlive = false; // what follows goes past `res`, which has to be the last on its connection
  const call = callOn(unheard, trace);
  await service.handle(call);
  trace.status = call.res.statusCode;
  await thaw();
  req.socket.end(Buffer.concat(heard));
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

function age(
  { staleMs }: Extract<Fault, { staleMs: unknown }>,
  { trace: { service, action }, body }: RunOptions,
): CallExtras {
  if (mayBeStale({ service, action, body: `${body}` })) return { staleMs };
  throw new Error(`${action} can't be stale; eventually consistent reads of DynamoDB can.`);
}

function slowness(
  { slow }: Extract<Fault, { slow: unknown }>,
  { trace: { action }, clock }: RunOptions,
): Promise<void> {
  if (action === "CompleteMultipartUpload") return passed(slow, clock);
  throw new Error(`${action} can't be slow so; CompleteMultipartUpload can, and delayMs suits any call.`);
}
