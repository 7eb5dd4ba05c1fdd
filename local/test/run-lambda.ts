/** The same calls of the local cloud's Lambda. */
import { randomUUID } from "node:crypto";
import { createClock } from "../clock.ts";
import { createLogs } from "../lambda/logs.ts";
import { createLambda } from "../lambda/service.ts";
import { AwsError } from "../types.ts";
import type { Handler } from "./conformance/lambda/handlers.ts";
import { type Outcome, outcomeOf } from "./conformance/lambda/outcome.ts";

const MEMORY_MB = 128;
const credentials = { accessKeyId: "none", secretAccessKey: "none", sessionToken: "none" };

/** Calls the function in `codeDir` with each event, one after the other. */
export async function runHere(
  { events, timeoutSeconds = 3 }: Pick<Handler, "events" | "timeoutSeconds">,
  codeDir: string,
): Promise<Outcome[]> {
  const clock = createClock();
  const lambda = createLambda({
    clock,
    logs: createLogs({}),
    maxEnvironments: 1,
    maxWaitMs: 60_000,
    envFor: () => ({}),
    credentialsFor: () => ({ ...credentials, expiresAt: Date.now() + 86_400_000 }),
    sendToQueue: async () => {},
  });
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${randomUUID()}`;
  lambda.putFunction({
    ...{ logicalId: "Fn", name: "fn", arn, handler: "index.handler", codeDir, timeoutSeconds },
    ...{ memoryMb: MEMORY_MB, roleArn: "", env: {}, logGroup: "/aws/lambda/fn" },
    ...{ reservedConcurrency: undefined, deadLetterArn: undefined },
  });
  try {
    const outcomes: Outcome[] = [];
    for (const event of events) {
      const called = await lambda.invoke(arn, event).catch(refusal);
      outcomes.push("refused" in called ? called : outcomeOf(called.payload, codeDir));
    }
    return outcomes;
  } finally {
    await lambda.stop();
    clock.stop();
  }
}

function refusal(error: unknown): { refused: string } {
  if (error instanceof AwsError) return { refused: error.code };
  throw error;
}
