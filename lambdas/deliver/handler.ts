import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { beginLine, describe, endLine, say } from "#aws/log.ts";
import { embedMetrics } from "#aws/metrics.ts";
import { type DeliveryMessage, deliveryMessage } from "#aws/queues.ts";
import type { Sent } from "#core/attempts/send-attempt.ts";
import { deliver } from "#core/delivery/deliver.ts";
import { deliveryMetrics } from "#core/delivery/delivery-metrics.ts";
import { parseJson } from "#core/kernel/parse-json.ts";
import { within } from "#core/kernel/within.ts";
import { workerDeps } from "../deps/worker-deps.ts";

/** What a delivery may take of the function's time: an attempt has 15 s of 30, and one that hangs takes no other with it. */
const SHARE = 5 / 6;

const deps = workerDeps();

/** Attempts of a few deliveries, side by side. One that can't be worked off comes back alone. */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">,
): Promise<SQSBatchResponse> {
  const messages = Records.map(({ body }) => deliveryMessage.safeParse(parseJson(body)));
  const ids = messages.flatMap(({ data }) => data?.request_id ?? []);
  beginLine(Date.now(), {
    function: "deliver",
    lambda_request_id: context.awsRequestId,
    request_id: [...new Set(ids)].join(" "),
  });
  const sent: Sent[] = [];
  const ms = SHARE * context.getRemainingTimeInMillis();
  const results = await Promise.all(
    messages.map(({ data }) => workOff(data, { ms, onSent: (one) => sent.push(one) })),
  );
  const now = Date.now();
  endLine(now, {
    deliveries: messages.map(({ data }, index) => ({
      delivery_id: data?.delivery_id,
      result: results[index],
    })),
    ...embedMetrics(deps.table.name, deliveryMetrics(results, sent), now),
  });
  return {
    batchItemFailures: Records.filter((_, index) => results[index] === "error").map(({ messageId }) => ({
      itemIdentifier: messageId,
    })),
  };
}

async function workOff(
  message: DeliveryMessage | undefined,
  { ms, onSent }: { ms: number; onSent: (sent: Sent) => void },
) {
  try {
    if (message === undefined) throw new Error("the message is not one that Wharf sends");
    return await within(ms, deliver(deps, message, onSent));
  } catch (error) {
    const { request_id, delivery_id, webhook_id } = message ?? {};
    say("error", "a delivery could not be worked off", {
      request_id,
      delivery_id,
      webhook_id,
      error: describe(error),
    });
    return "error";
  }
}
