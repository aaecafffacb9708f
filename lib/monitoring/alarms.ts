// What an administrator must know without looking: each alarm has an article in docs/operations.md.
import { Aws, CfnCondition, Duration, Fn } from 'aws-cdk-lib';
import { Alarm, type CfnAlarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ProxyFunction } from '../proxy-function.ts';

export const NO_TOPIC = 'none';
const PERIOD = Duration.minutes(5);

export interface AlarmsProps {
  readonly tenant: string;
  readonly router: ProxyFunction<string>;
  /** An SNS topic that is told, or NO_TOPIC. */
  readonly topicArn: string;
}

export class Alarms extends Construct {
  readonly #isTold: CfnCondition;
  readonly #topicArn: string;

  constructor(scope: Construct, id: string, { tenant, router, topicArn }: AlarmsProps) {
    super(scope, id);
    this.#topicArn = topicArn;
    this.#isTold = new CfnCondition(this, 'IsTold', { expression: Fn.conditionNot(Fn.conditionEquals(topicArn, NO_TOPIC)) });

    const offline = new MetricFilter(this, 'NoConnectorLines', {
      logGroup: router.logGroup,
      filterPattern: FilterPattern.stringValue('$.code', '=', 'ERR_NO_CONNECTOR'),
      metricNamespace: `Sallyport/${tenant}`,
      metricName: 'NoConnector',
      metricValue: '1',
    });
    this.#alarm('RouterErrors', router.function.metricErrors({ period: PERIOD }), 5, 'The router function fails.');
    this.#alarm('RouterThrottles', router.function.metricThrottles({ period: PERIOD }), 1, 'Lambda refuses to run more routers at once.');
    this.#alarm(
      'NoConnector',
      offline.metric({ statistic: 'Sum', period: PERIOD }),
      1,
      'Users asked for an application whose connectors are all gone.',
    );
  }

  #alarm(id: string, metric: IMetric, threshold: number, what: string): void {
    const alarm = new Alarm(this, id, {
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${what} See docs/operations.md, ${id}.`,
    });
    (alarm.node.defaultChild as CfnAlarm).addPropertyOverride(
      'AlarmActions',
      Fn.conditionIf(this.#isTold.logicalId, [this.#topicArn], Aws.NO_VALUE),
    );
  }
}
