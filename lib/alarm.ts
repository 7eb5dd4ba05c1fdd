import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";

export interface AlarmProps {
  /** What it means and what to do. */
  readonly description: string;
  readonly metric: IMetric;
  /** The alarm goes off at a value greater than this … */
  readonly above: number;
  /** … in this many periods of the metric in a row. @default 1 */
  readonly periods?: number;
}

/** An alarm that stays quiet while there is nothing to measure. */
export function alarm(
  scope: Construct,
  id: string,
  { description, metric, above, periods = 1 }: AlarmProps,
): Alarm {
  return new Alarm(scope, id, {
    alarmDescription: description,
    metric,
    threshold: above,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: periods,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
