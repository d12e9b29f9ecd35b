import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { METRIC } from '../../core/contract/environment';
import { FAILED_BOOTS } from '../../core/fleet/sizing';
import { failuresOf, metricOf } from '../functions/handler';
import type { JobQueue } from '../jobs/job-queue';

export interface AlarmsProps {
  readonly queue: JobQueue;
  readonly failedEvents: IQueue;
  /** Functions whose errors mean that jobs get stuck. */
  readonly handlers: IFunction[];
  /** Receives the alarms. @default - nobody: subscribe to the topic by hand */
  readonly email?: string;
}

/**
 * Alarms for failed or stuck jobs. Each description ends in the heading of docs/runbook.md to
 * follow.
 */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { queue, failedEvents, handlers, email } = props;
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));
    this.alarm('DeadLetters', {
      metric: queue.deadLetters.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1) }),
      threshold: 1,
      what: 'A job failed five times, was lost ten times, or its message could not be read',
      heading: 'Dead letters',
    });
    this.alarm('FailedEvents', {
      metric: failedEvents.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1) }),
      threshold: 1,
      what: 'No job could be created for an upload',
      heading: 'Failed events',
    });
    this.alarm('OldestJob', {
      metric: queue.queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1) }),
      threshold: Duration.minutes(30).toSeconds(),
      what: 'A job has been queued for 30 minutes',
      heading: 'Jobs wait and no machine comes',
    });
    this.alarm('OldestBulkJob', {
      // Bulk jobs may wait for hours, while normal jobs wait.
      metric: queue.bulkQueue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1) }),
      threshold: Duration.hours(24).toSeconds(),
      what: 'A bulk job has been queued for 24 hours',
      heading: 'Bulk jobs wait',
    });
    this.watchFleet();
    for (const handler of handlers) this.watchFunction(handler);
  }

  private watchFleet() {
    this.alarm('LaunchesFailing', {
      metric: metricOf(this, 'size-fleet', METRIC.launchesFailing, Stats.MINIMUM),
      threshold: 1,
      periods: 3,
      what: 'AWS has launched too few machines for 15 minutes',
      heading: 'AWS launches no machine',
    });
    this.alarm('FailedBoots', {
      metric: metricOf(this, 'size-fleet', METRIC.failedBoots, Stats.MAXIMUM),
      threshold: FAILED_BOOTS,
      what: 'Machines end before they are ready',
      heading: 'A machine fails to boot',
    });
  }

  /** Adds an alarm that fires when a function fails. */
  watchFunction(handler: IFunction) {
    this.alarm(`${handler.node.id}Errors`, {
      metric: handler.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
      what: `The function ${handler.node.id} failed`,
      heading: 'A function fails',
    });
  }

  /**
   * Adds alarms for a function that answers requests. It answers most failures with status 500.
   * Only Lambda sees the others, such as a timeout or too little memory.
   *
   * @param file of the handler, without its extension
   */
  watchRequests(handler: IFunction, file: string) {
    this.watchFunction(handler);
    this.alarm(`${handler.node.id}Failures`, {
      metric: failuresOf(this, file),
      threshold: 1,
      what: `The function ${handler.node.id} answered a request with 500`,
      heading: 'A function fails',
    });
  }

  /** @param props `periods`: how many periods of the metric in a row. @default 1 */
  private alarm(
    id: string,
    props: { metric: IMetric; threshold: number; periods?: number; what: string; heading: string },
  ) {
    const alarm = new Alarm(this, id, {
      metric: props.metric,
      threshold: props.threshold,
      evaluationPeriods: props.periods ?? 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${props.what}. What to do: docs/runbook.md, "${props.heading}"`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}
