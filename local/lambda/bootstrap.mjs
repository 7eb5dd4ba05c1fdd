/**
 * What runs inside an execution environment: Lambda's Node runtime in a worker thread.
 *
 * Plain JavaScript on purpose: a worker loads it with no build and no type stripping.
 * Talks to `environment.ts` by messages; a function's event and answer travel as JSON text.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

const { clock, taskRoot, handler } = workerData;

setClock(new BigInt64Array(clock));
redirect(process.stdout);
redirect(process.stderr);
process.on("uncaughtException", (error) => crash("Runtime.UnhandledException", error));
process.on("unhandledRejection", (error) => crash("Runtime.UnhandledPromiseRejection", error));

const dot = handler.lastIndexOf(".");
const file = handler.slice(0, dot);
const name = handler.slice(dot + 1);

try {
  const run = await load();
  parentPort.on("message", (request) => invoke(run, request));
  parentPort.postMessage({ type: "ready" });
} catch (error) {
  parentPort.postMessage({ type: "init-error", payload: describe(error) });
}

/** Puts `Date` on the cloud's clock: the machine's time plus the shared offset. */
function setClock(offset) {
  const realNow = Date.now.bind(Date);
  const now = () => realNow() + Number(Atomics.load(offset, 0));
  const RealDate = Date;
  RealDate.now = now;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length ? args : [now()], newTarget),
    apply: (target) => new target(now()).toString(),
  });
  RealDate.prototype.constructor = globalThis.Date;
}

/** Sends what is written as messages, so that a line never arrives after the answer that followed it. */
function redirect(stream) {
  stream.write = (chunk, encoding, done) => {
    parentPort.postMessage({
      type: "log",
      text: typeof chunk === "string" ? chunk : Buffer.from(chunk).toString(),
    });
    const callback = typeof encoding === "function" ? encoding : done;
    if (callback) queueMicrotask(callback);
    return true;
  };
}

async function load() {
  const paths = [".mjs", ".js", ".cjs"].map((extension) => join(taskRoot, file + extension));
  const path = paths.find((each) => existsSync(each));
  if (path === undefined)
    throw named("Runtime.ImportModuleError", `Cannot find module '${file}' (tried ${paths.join(", ")})`);
  const module = await import(pathToFileURL(path).href);
  const run = module[name] ?? module.default?.[name];
  if (typeof run !== "function")
    throw named("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  return run;
}

async function invoke(run, { requestId, event, deadlineMs, functionArn, traceId }) {
  // Remaining time is real time: moving the cloud's clock must not time a running function out.
  const startedAt = performance.now();
  process.env._X_AMZN_TRACE_ID = traceId;
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: functionArn,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadlineMs - (performance.now() - startedAt))),
  };
  try {
    const answer = await run(JSON.parse(event), context);
    parentPort.postMessage({ type: "answer", requestId, payload: JSON.stringify(answer) ?? "null" });
  } catch (error) {
    parentPort.postMessage({ type: "failure", requestId, payload: describe(error) });
  }
}

function crash(errorType, error) {
  const told = describe(error);
  parentPort.postMessage({
    type: "crash",
    payload: { ...told, errorType, errorMessage: `${told.errorType}: ${told.errorMessage}` },
  });
  process.exit(1);
}

/** An error as Lambda's Node runtime reports it. */
function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split("\n") };
}

function named(type, message) {
  const error = new Error(message);
  error.name = type;
  return error;
}
