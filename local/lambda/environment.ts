/** One execution environment: a worker thread that runs one function, one request at a time. */
import { Worker } from "node:worker_threads";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { FunctionConfig } from "./function.ts";

/** What an invocation came to; `payload` is JSON text. */
export interface InvokeResult {
  requestId: string;
  payload: string;
  /** `Unhandled` when the function threw, crashed or timed out; `payload` is then the error. */
  functionError?: "Unhandled";
}

export interface InvokeRequest {
  requestId: string;
  /** JSON text. */
  event: string;
  traceId: string;
}

export interface Environment {
  /** The request that runs now. */
  current(): string | undefined;
  /** Runs one request. The environment must be free. Never rejects. */
  invoke(request: InvokeRequest): Promise<InvokeResult>;
  /** False once the worker has ended; it is then of no more use. */
  alive(): boolean;
  /** Ends the worker at once, as a crash of the machine would; a running request fails. */
  kill(): Promise<void>;
}

const BOOTSTRAP = new URL("./bootstrap.mjs", import.meta.url);
/** Lambda: an import may take this long; then it is begun anew in the call, and has the function's timeout. */
const INIT_MS = 10_000;
// Lambda: a synchronous response holds 6 MB at most (plus a little for headers).
const MAX_RESPONSE_BYTES = 6_291_556;

const errorPayload = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  trace: z.array(z.string()),
});
const message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("log"), text: z.string() }),
  z.object({ type: z.literal("init-error"), payload: errorPayload }),
  z.object({ type: z.literal("answer"), requestId: z.string(), payload: z.string() }),
  z.object({ type: z.literal("failure"), requestId: z.string(), payload: errorPayload }),
]);

/**
 * Starts a worker for `config` with exactly the variables of `env`.
 * `onLog` gets each line that the function writes, with the request that was running.
 */
export function startEnvironment({
  config,
  clock,
  ahead = new SharedArrayBuffer(8),
  env,
  onLog,
  onEnd,
}: {
  config: FunctionConfig;
  clock: Clock;
  /** Milliseconds by which its own clock is ahead, as one BigInt64. @default 0 */
  ahead?: SharedArrayBuffer;
  env: Record<string, string>;
  onLog: (text: string, requestId: string | undefined) => void;
  onEnd: () => void;
}): Environment {
  let running: { request: InvokeRequest; settle: (result: InvokeResult) => void } | undefined;
  let state: "starting" | "ready" | "ended" = "starting";
  let initError: string | undefined;
  let partial = "";
  let timeout: NodeJS.Timeout | undefined;

  const worker = new Worker(BOOTSTRAP, {
    env,
    execArgv: [],
    // Only the heap counts here, so a function that needs its whole memory size for buffers fits too.
    resourceLimits: { maxOldGenerationSizeMb: config.memoryMb },
    workerData: { clock: clock.shared, ahead, taskRoot: config.codeDir, handler: config.handler },
  });
  worker.on("message", (data) => receive(message.parse(data)));
  // Whatever nothing caught, which need be no Error.
  worker.on("error", (thrown: unknown) => {
    state = "ended";
    const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
    logError({ errorType: name, errorMessage: message, trace: stack?.split("\n") });
    const isOutOfMemory =
      thrown instanceof Error && "code" in thrown && thrown.code === "ERR_WORKER_OUT_OF_MEMORY";
    if (isOutOfMemory) end("Runtime.OutOfMemory", message);
  });
  worker.on("exit", (code) => {
    const how = code === 0 ? "without providing a reason" : `with error: exit status ${code}`;
    end("Runtime.ExitError", `Runtime exited ${how}`);
    onEnd();
  });

  function receive(told: z.infer<typeof message>) {
    switch (told.type) {
      case "ready":
        state = "ready";
        if (running) send(running.request);
        break;
      case "log":
        log(told.text);
        break;
      case "init-error":
        initError = JSON.stringify(told.payload);
        logError(told.payload);
        void kill();
        break;
      case "answer":
        if (told.requestId !== running?.request.requestId) break;
        if (Buffer.byteLength(told.payload) > MAX_RESPONSE_BYTES) {
          const text = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
          fail("Function.ResponseSizeTooLarge", text);
        } else finish(told.payload);
        break;
      case "failure":
        if (told.requestId !== running?.request.requestId) break;
        logError(told.payload);
        finish(JSON.stringify(told.payload), "Unhandled");
        break;
    }
  }

  function log(text: string) {
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) onLog(line, running?.request.requestId);
  }

  /** As the runtime logs it where the log format is JSON. */
  function logError(error: { errorType: string; errorMessage: string; trace?: string[] | undefined }) {
    log(`${JSON.stringify({ level: "ERROR", ...error })}\n`);
  }

  function send(request: InvokeRequest) {
    const deadlineMs = config.timeoutSeconds * 1_000;
    endAfter(deadlineMs, request);
    worker.postMessage({ ...request, deadlineMs, functionArn: config.arn });
  }

  function endAfter(ms: number, { requestId }: InvokeRequest) {
    clearTimeout(timeout);
    timeout = setTimeout(() => {
      const text = `RequestId: ${requestId} Error: Task timed out after ${config.timeoutSeconds.toFixed(2)} seconds`;
      logError({ errorType: "Sandbox.Timedout", errorMessage: text });
      fail("Sandbox.Timedout", text);
      void kill();
    }, ms);
  }

  function finish(payload: string, functionError?: "Unhandled") {
    clearTimeout(timeout);
    const done = running;
    running = undefined;
    done?.settle({
      requestId: done.request.requestId,
      payload,
      ...(functionError === undefined ? {} : { functionError }),
    });
  }

  function fail(errorType: string, errorMessage: string) {
    finish(JSON.stringify({ errorType, errorMessage }), "Unhandled");
  }

  function end(errorType: string, reason: string) {
    state = "ended";
    if (!running) return;
    if (initError !== undefined) finish(initError, "Unhandled");
    else fail(errorType, `RequestId: ${running.request.requestId} Error: ${reason}`);
  }

  async function kill() {
    state = "ended";
    await worker.terminate();
  }

  return {
    current: () => running?.request.requestId,
    alive: () => state !== "ended",
    kill,
    invoke(request) {
      if (running) throw new Error(`environment is busy with ${running.request.requestId}`);
      return new Promise((settle) => {
        running = { request, settle };
        if (state === "ready") send(request);
        else if (state === "ended") end("Runtime.ExitError", "the environment has ended");
        else endAfter(INIT_MS + config.timeoutSeconds * 1_000, request);
      });
    },
  };
}
