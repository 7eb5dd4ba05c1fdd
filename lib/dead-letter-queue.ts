import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { alarm } from "./alarm.ts";

/** Where messages end that nobody could handle: kept 14 days, with an alarm at the first one. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // SQS: 14 days at most.
      retentionPeriod: Duration.days(14),
    });
    alarm(this, "NotEmpty", {
      description: "Messages that could not be handled: read one, mend the cause, redrive the queue",
      metric: this.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: "Maximum",
      }),
      above: 0,
    });
    const last = "This is a dead-letter queue: what cannot be handled ends here, under an alarm.";
    acknowledge(this, { "AwsSolutions-SQS3": last, "Serverless-SQSRedrivePolicy": last });
  }
}
