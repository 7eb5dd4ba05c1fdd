import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { dynamoDb } from "#aws/clients.ts";
import { beginLine, describe, endLine, say } from "#aws/log.ts";
import { deliveryMessage, deliveryQueues } from "#aws/queues.ts";
import { createTable } from "#aws/table.ts";
import { deliver } from "#core/deliver.ts";
import { outboundOf } from "#core/outbound.ts";
import { readEnv } from "../env.ts";

const env = readEnv([
  "TABLE_NAME",
  "PUBLIC_URL",
  "DELIVER_FIRST_QUEUE_URL",
  "DELIVER_RETRY_QUEUE_URL",
  "WHARF_ALLOW_LOOPBACK_HTTP",
]);
const deps = {
  table: createTable(dynamoDb(), env.TABLE_NAME),
  queues: deliveryQueues(env),
  outbound: outboundOf(env),
  now: () => Date.now(),
};

/** Attempts of a few deliveries, side by side. */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, "awsRequestId">,
): Promise<SQSBatchResponse> {
  const messages = Records.map(({ body }) => deliveryMessage.parse(JSON.parse(body)));
  beginLine(Date.now(), {
    function: "deliver",
    lambda_request_id: context.awsRequestId,
    request_id: [...new Set(messages.map(({ request_id }) => request_id))].join(" "),
  });
  const results = await Promise.all(
    messages.map(async (message) => {
      try {
        return await deliver(deps, message);
      } catch (error) {
        const { request_id, delivery_id, webhook_id } = message;
        say("error", "a delivery could not be worked off", {
          request_id,
          delivery_id,
          webhook_id,
          error: describe(error),
        });
        return "error";
      }
    }),
  );
  endLine(Date.now(), {
    deliveries: messages.map(({ delivery_id }, index) => ({ delivery_id, result: results[index] })),
  });
  return {
    batchItemFailures: Records.filter((_, index) => results[index] === "error").map(({ messageId }) => ({
      itemIdentifier: messageId,
    })),
  };
}
