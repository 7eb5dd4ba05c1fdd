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
  /** Goes off as well where nothing was measured. @default false */
  readonly whenMissing?: boolean;
  /** … or in so many of these periods. @default all of them */
  readonly datapoints?: number;
}

/** An alarm that stays quiet while there is nothing to measure, unless that is the fault. */
export function alarm(
  scope: Construct,
  id: string,
  { description, metric, above, periods = 1, datapoints = periods, whenMissing = false }: AlarmProps,
): Alarm {
  return new Alarm(scope, id, {
    alarmDescription: description,
    metric,
    threshold: above,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: periods,
    datapointsToAlarm: datapoints,
    treatMissingData: whenMissing ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  });
}
