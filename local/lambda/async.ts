/** Asynchronous invocations: events that are retried, then sent to a failure destination. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { AwsError } from "../types.ts";
import type { InvokeResult } from "./environment.ts";
import type { AsyncConfig, FunctionConfig } from "./function.ts";

// Lambda: an event of an asynchronous invocation holds 1 MB at most.
const MAX_EVENT_BYTES = 1_048_576;
const RETRY_DELAYS_MS = [60_000, 120_000];
const THROTTLED_DELAY_MS = 1_000;
const DEFAULTS: AsyncConfig = { retries: 2, maxAgeSeconds: 21_600, onFailureArn: undefined };

/**
 * Returns a function that accepts an event (JSON text) for `config` and runs it in its own time.
 *
 * Events wait in memory: one that waits for a retry when the cloud stops is lost.
 */
export function createAsyncInvoker({
  clock,
  invoke,
  sendToQueue,
}: {
  clock: Clock;
  invoke: (functionArn: string, payload: string) => Promise<InvokeResult>;
  sendToQueue: (queueArn: string, body: string, roleArn: string) => Promise<void>;
}): (config: FunctionConfig, settings: AsyncConfig | undefined, payload: string) => void {
  async function attempt(
    config: FunctionConfig,
    settings: AsyncConfig,
    payload: string,
    acceptedAt: number,
    tried: number,
  ) {
    const outcome = await invoke(config.arn, payload).catch(asThrottle);
    if (outcome !== "throttled" && outcome.functionError === undefined) return;

    // A throttled event goes back to Lambda's own queue and uses up no attempt.
    const delay = outcome === "throttled" ? THROTTLED_DELAY_MS : (RETRY_DELAYS_MS[tried] ?? 0);
    const attempts = outcome === "throttled" ? tried : tried + 1;
    const mayRetry =
      attempts <= settings.retries && clock.now() + delay - acceptedAt < settings.maxAgeSeconds * 1_000;
    if (mayRetry) {
      clock.at(clock.now() + delay, () => void attempt(config, settings, payload, acceptedAt, attempts));
      return;
    }
    if (settings.onFailureArn !== undefined) {
      const record = failureRecord(config.arn, payload, attempts, outcome, clock.now());
      await sendToQueue(settings.onFailureArn, JSON.stringify(record), config.roleArn);
    }
    if (config.deadLetterArn !== undefined) await sendToQueue(config.deadLetterArn, payload, config.roleArn);
  }

  return (config, settings = DEFAULTS, payload) => {
    const size = Buffer.byteLength(payload);
    if (size > MAX_EVENT_BYTES) {
      const text = `${size} byte payload is too large for the Event invocation type (limit ${MAX_EVENT_BYTES} bytes)`;
      throw new AwsError("RequestEntityTooLargeException", text, 413);
    }
    void attempt(config, settings, payload, clock.now(), 0);
  };
}

/** Lambda refuses by an `AwsError`: throttled, or stopping (then the retry's timer never fires). */
function asThrottle(error: unknown): "throttled" {
  if (error instanceof AwsError) return "throttled";
  throw error;
}

/** The record that Lambda sends to an on-failure destination. */
function failureRecord(
  functionArn: string,
  payload: string,
  attempts: number,
  outcome: InvokeResult | "throttled",
  now: number,
) {
  const failed = outcome === "throttled" ? undefined : outcome;
  return {
    version: "1.0",
    timestamp: new Date(now).toISOString(),
    requestContext: {
      requestId: failed?.requestId ?? randomUUID(),
      functionArn: `${functionArn}:$LATEST`,
      condition: failed ? "RetriesExhausted" : "EventAgeExceeded",
      approximateInvokeCount: attempts,
    },
    requestPayload: JSON.parse(payload),
    ...(failed && {
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: failed.functionError },
      responsePayload: JSON.parse(failed.payload),
    }),
  };
}
