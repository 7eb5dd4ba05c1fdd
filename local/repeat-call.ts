/** Calls that happen more than once: at once, or when nobody expects the second any longer. For tests. */
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { discardingResponse, type Fault } from "./faults.ts";
import { readBody } from "./read-body.ts";
import type { RunOptions } from "./run-options.ts";
import { type AwsCall, AwsError, type CallTrace } from "./types.ts";

/** Has the call happen twice, and answers what the second came to. */
export async function runTwice(options: RunOptions): Promise<AwsCall> {
  const { service, callOn, res, trace } = options;
  const again = await recordRequest(options);
  const first = again();
  await service.handle(callOn(discardingResponse(first), { ...trace }, { req: first })).catch(() => {});
  const call = callOn(res, trace, { req: again() });
  await service.handle(call);
  return call;
}

/** Has a copy of the call wait, and the call itself happen now or not at all. */
export async function runWithCopy(
  { late: by, answered }: Extract<Fault, { late: unknown }>,
  options: RunOptions,
): Promise<AwsCall | undefined> {
  const { service, callOn, req, res, trace, late, index } = options;
  const again = await recordRequest(options);
  const told: CallTrace = { ...trace, late: true };
  const copy = () => runCopy(again(), told, options);
  if (!answered) {
    late.hold({ by, index, run: copy });
    req.socket.destroy();
    return undefined;
  }
  const call = callOn(res, trace, { req: again() });
  const handled = service.handle(call);
  // The copy is there before its call is answered, and comes after it whatever `by` says.
  const run = () => handled.catch(() => {}).then(copy);
  late.hold({ by, index, run });
  await handled;
  return call;
}

/** A copy by itself: its outcome goes to its trace. */
async function runCopy(
  req: IncomingMessage,
  trace: CallTrace,
  { service, callOn, clock, record, onError }: RunOptions,
): Promise<void> {
  trace.startedAt = clock.now();
  try {
    const call = callOn(discardingResponse(req), trace, { req });
    await service.handle(call);
    trace.status = call.res.statusCode;
  } catch (error) {
    trace.status = error instanceof AwsError ? error.status : 500;
    if (!(error instanceof AwsError)) onError(error, trace);
  } finally {
    record(trace);
  }
}

/** Reads a request whole, and makes as many of the same as are asked for. */
async function recordRequest({ req, proceed, body }: RunOptions): Promise<() => IncomingMessage> {
  const { method, url, headers, rawHeaders, httpVersionMajor, httpVersionMinor } = req;
  const bytes = body ?? (await readBody(req, proceed));
  return () => {
    const again = new IncomingMessage(new Socket());
    Object.assign(again, { method, url, headers, rawHeaders, httpVersionMajor, httpVersionMinor });
    again.push(bytes);
    again.push(null);
    return again;
  };
}
