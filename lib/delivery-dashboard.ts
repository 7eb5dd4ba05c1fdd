import { Duration } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric, Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { METRIC_DIMENSION, METRIC_NAMESPACE, type MetricName } from "#aws/metrics.ts";
import { GIVE_UP_MS } from "#core/attempts/schedule.ts";
import { alarm } from "./alarm.ts";
import type { WebhookPipeline } from "./webhook-pipeline.ts";

export interface DeliveryDashboardProps {
  readonly webhooks: WebhookPipeline;
  /** The functions name their metrics' deployment by it. */
  readonly table: Table;
  /** Whether there is a dashboard; the alarms are there anyway. */
  readonly shown: boolean;
}

const period = Duration.minutes(1);

/** What a person on call looks at when webhooks don't arrive, and the alarms on the functions' own metrics. */
export class DeliveryDashboard extends Construct {
  constructor(scope: Construct, id: string, { webhooks, table, shown }: DeliveryDashboardProps) {
    super(scope, id);
    const own = (metricName: MetricName, statistic: string) =>
      new Metric({
        namespace: METRIC_NAMESPACE,
        metricName,
        dimensionsMap: { [METRIC_DIMENSION]: table.tableName },
        period,
        statistic,
      });
    const oldestDue = own("OldestDueDelivery", "Maximum");
    const percentiles = (name: MetricName) =>
      ["p50", "p99"].map((statistic) => own(name, statistic).with({ label: statistic }));
    const disabled = own("DisabledEndpoints", "Sum");
    alarm(this, "DueLate", {
      description:
        "A webhook delivery has been due for 10 minutes: look at the sweep and at the deliver queues",
      metric: oldestDue,
      above: Duration.minutes(10).toSeconds(),
      // The sweep measures a late delivery where it sends it a message: every 15 minutes at last.
      periods: 20,
      datapoints: 1,
    });
    alarm(this, "SweepSilent", {
      description: "The sweep measures the oldest due delivery each minute, and it hasn't: it doesn't run",
      metric: oldestDue,
      above: GIVE_UP_MS / 1000,
      periods: 5,
      whenMissing: true,
    });
    alarm(this, "EndpointDisabled", {
      description: "A webhook endpoint was disabled: tell its owner; events can be recovered for 7 days",
      metric: disabled,
      above: 0,
    });

    alarm(this, "SweepFails", {
      description:
        "Parts of the sweep fail minute after minute: look for level=error in sweep's and ingest's logs",
      metric: own("FailedSweeps", "Sum"),
      above: 0,
      periods: 5,
    });

    alarm(this, "DisguiseRefused", {
      description:
        "A program or web page posed as something harmless and was refused: its upload_rejected event, or level=info with code=type_mismatch in the api function's log, says whose",
      // One word an hour is enough of a client that goes on trying.
      metric: own("RefusedDisguises", "Sum").with({ period: Duration.hours(1) }),
      above: 0,
    });

    alarm(this, "PutAside", {
      description:
        'Something is put aside that a sweep or the relay failed at again and again: look for "put aside" and level=error in the logs of sweep, ingest and relay; it is tried every 15 minutes',
      metric: own("PutAside", "Maximum"),
      above: 0,
    });

    if (!shown) return;
    const { deliver, deliverSlow, fanOut, first, retry } = webhooks;
    const queues = { first: first.queue, retry: retry.queue };
    new Dashboard(this, "Delivery").addWidgets(
      graph(
        "Waiting",
        each(queues, (queue, label) => queue.metricApproximateNumberOfMessagesVisible({ label, period })),
      ),
      graph(
        "Oldest message, s",
        each(queues, (queue, label) => queue.metricApproximateAgeOfOldestMessage({ label, period })),
      ),
      graph("Oldest due delivery, s", [oldestDue]),
      graph("Endpoints disabled", [disabled]),
      graph("Attempts", [own("Attempts", "Sum"), own("FailedAttempts", "Sum")]),
      graph("Deliveries that ended without success", [own("FailedDeliveries", "Sum")]),
      graph("From event to first attempt, ms", percentiles("FirstAttemptDelay")),
      graph("What endpoints take to answer, ms", percentiles("AttemptDuration")),
      graph("Invocations", [
        deliver.metricInvocations({ label: "deliver", period }),
        deliverSlow.metricInvocations({ label: "deliver to slow ones", period }),
        fanOut.metricInvocations({ label: "fan-out", period }),
      ]),
      graph("Errors and throttles", [
        deliver.metricErrors({ label: "deliver errors", period }),
        deliverSlow.metricErrors({ label: "deliver to slow ones, errors", period }),
        fanOut.metricErrors({ label: "fan-out errors", period }),
        deliver.metricThrottles({ label: "deliver throttles", period }),
        deliverSlow.metricThrottles({ label: "deliver to slow ones, throttles", period }),
      ]),
      graph("Invocation p99, ms", [
        deliver.metricDuration({ label: "deliver", statistic: "p99", period }),
        deliverSlow.metricDuration({ label: "deliver to slow ones", statistic: "p99", period }),
      ]),
      graph(
        "Dead letters",
        each({ first: first.deadLetters, retry: retry.deadLetters }, (queue, label) =>
          queue.metricApproximateNumberOfMessagesVisible({ label, period }),
        ),
      ),
    );
  }
}

function each(queues: Record<string, Queue>, metric: (queue: Queue, label: string) => IMetric): IMetric[] {
  return Object.entries(queues).map(([label, queue]) => metric(queue, label));
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 6 });
}
