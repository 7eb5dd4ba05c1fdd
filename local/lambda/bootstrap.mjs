/**
 * What runs inside an execution environment: Lambda's Node runtime in a worker thread. It acts as AWS's own does from
 * Node 24 on (`aws-lambda-ric`); `test/truth/rie/` holds the two against each other.
 *
 * Plain JavaScript on purpose: a worker loads it with no build and no type stripping.
 * Talks to `environment.ts` by messages; a function's event and answer travel as JSON text.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

const { clock, ahead, taskRoot, handler } = workerData;
const NO_CALLBACKS =
  "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";

setClock(new BigInt64Array(clock), new BigInt64Array(ahead));
redirect(process.stdout);
redirect(process.stderr);

const dot = handler.lastIndexOf(".");
const file = handler.slice(0, dot);
const name = handler.slice(dot + 1);

// Not awaited: an import that waits for nothing ends the worker, as it ends Lambda's process.
void start();

async function start() {
  try {
    const run = await load();
    parentPort.on("message", (request) => invoke(run, request));
    parentPort.postMessage({ type: "ready" });
  } catch (error) {
    parentPort.postMessage({ type: "init-error", payload: describe(error) });
  }
}

/** Puts `Date` on the cloud's clock, the machine's time plus the shared offset, or `ahead` of it. */
function setClock(offset, ahead) {
  const realNow = Date.now.bind(Date);
  const now = () => realNow() + Number(Atomics.load(offset, 0) + Atomics.load(ahead, 0));
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
  const paths = [".js", ".mjs", ".cjs"].map((extension) => join(taskRoot, file + extension));
  const path = paths.find((each) => existsSync(each));
  if (path === undefined)
    throw named("Runtime.ImportModuleError", `Cannot find module '${file}' (tried ${paths.join(", ")})`);
  const module = await import(pathToFileURL(path).href).catch(asImportError);
  const run = module[name] ?? module.default?.[name];
  if (!run) throw named("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof run !== "function") throw named("Runtime.HandlerNotFound", `${handler} is not a function`);
  if (run.length >= 3) throw named("Runtime.CallbackHandlerDeprecated", NO_CALLBACKS);
  return run;
}

function asImportError(error) {
  throw error instanceof SyntaxError ? named("Runtime.UserCodeSyntaxError", String(error)) : error;
}

async function invoke(run, { requestId, event, deadlineMs, functionArn, traceId }) {
  // Remaining time is real time: moving the cloud's clock must not time a running function out.
  const startedAt = performance.now();
  process.env._X_AMZN_TRACE_ID = traceId;
  const context = {
    // Of calls by Cognito, by mobile SDKs and by tenants: never here.
    clientContext: undefined,
    identity: undefined,
    tenantId: undefined,
    invokedFunctionArn: functionArn,
    awsRequestId: requestId,
    xRayTraceId: traceId,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadlineMs - (performance.now() - startedAt))),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
  // Lambda's process ends where a call waits and nothing can wake it.
  parentPort.unref();
  try {
    const answer = await run(JSON.parse(event), context);
    await turn();
    parentPort.postMessage({ type: "answer", requestId, payload: toJson(answer) });
  } catch (error) {
    await turn();
    parentPort.postMessage({ type: "failure", requestId, payload: describe(error) });
  } finally {
    parentPort.ref();
  }
}

/** What a call left for this turn of the loop comes before its answer; so does a rejection that nobody handles. */
function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}

function toJson(answer) {
  try {
    return JSON.stringify(answer) ?? "null";
  } catch {
    throw named("Runtime.JSONStringifyError", "Unable to stringify response body");
  }
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
