/** The cases of our SQS, on moto's, whose time is the machine's. */
import { setTimeout } from "node:timers/promises";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { REGION } from "@wharf/local-cloud";
import { type SqsTarget, sqsCases } from "@wharf/local-cloud/test/conformance/sqs.ts";
import { MOTO, startMoto } from "../moto/server.ts";
import type { Part } from "../part.ts";
import { untilSignal } from "../until-signal.ts";
import { differencesOf } from "./differences.ts";
import { checksOf, runCases } from "./run-cases.ts";

const cases = checksOf({ queues: sqsCases }, differencesOf([]));

export const sqs: Part = {
  name: "sqs",
  by: MOTO,
  about: "the cases of our SQS on moto's",
  checks: cases.map(({ check }) => check),
  run: (tell) =>
    untilSignal(async (signal) => {
      await using moto = await startMoto();
      const client = new SQSClient({
        endpoint: moto.endpoint,
        region: REGION,
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
        maxAttempts: 1,
      });
      await runCases(cases, targetOf(client), { tell, signal });
      client.destroy();
    }),
};

function targetOf(client: SQSClient): SqsTarget {
  let count = 0;
  const make = async (Attributes: Record<string, string> = {}) => {
    const QueueName = `cases-${++count}`;
    const { QueueUrl = "" } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
    return QueueUrl;
  };
  return {
    client,
    async makeQueues(maxReceiveCount) {
      const deadLetters = await make();
      const ask = new GetQueueAttributesCommand({ QueueUrl: deadLetters, AttributeNames: ["QueueArn"] });
      const deadLetterTargetArn = (await client.send(ask)).Attributes?.["QueueArn"];
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
      return { queue: await make({ RedrivePolicy }), deadLetters };
    },
    pass: (ms) => setTimeout(ms),
  };
}
