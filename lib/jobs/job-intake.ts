import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DeployedTasks } from '../../core/contract/tasks';
import { ENV } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
import { limits } from '../environment';
import type { Settings } from '../settings';
import type { FleetSizer } from '../fleet/fleet-sizer';
import { grantPutEvents } from './completion-events';
import { handlerFunction } from '../functions/handler';
import type { JobQueue } from './job-queue';
import type { JobStore } from './job-store';

export interface JobIntakeProps {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly sizer: FleetSizer;
  readonly path: string;
  /** The tasks that the path's machines do. */
  readonly tasks: DeployedTasks;
  readonly settings: Settings;
}

/** Moves jobs from upload to queue, and recovers jobs that got stuck on the way. */
export class JobIntake extends Construct {
  readonly intakeUpload: NodejsFunction;
  readonly sweepJobs: NodejsFunction;
  readonly buryJob: NodejsFunction;
  /** Upload events that could not be handled after all retries. */
  readonly failedEvents: Queue;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: JobIntakeProps,
  ) {
    super(scope, id);
    this.failedEvents = new Queue(this, 'FailedEvents', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.intakeUpload = this.intakeHandler();
    this.sweepJobs = this.sweepHandler();
    this.buryJob = this.buryHandler();
  }

  private intakeHandler(): NodejsFunction {
    const { store, queue, sizer, tasks, settings } = this.props;
    const handler = handlerFunction(this, 'IntakeUpload', {
      file: 'intake/intake-upload',
      description: 'Queues a job when its audio has arrived, and starts a machine',
      environment: {
        ...this.environment(),
        [ENV.sizeFleetFunction]: sizer.handler.functionName,
        [ENV.tasks]: JSON.stringify(tasks),
        ...this.limits(),
        [ENV.retentionDays]: String(settings.retentionDays),
      },
      timeout: Duration.seconds(30),
      failedEvents: this.failedEvents,
    });
    store.grantSubmit(handler);
    store.grantTransition(handler);
    store.grantEraseVersions(handler, KEY.inboxPrefix, KEY.jobsPrefix);
    queue.grantSend(handler);
    store.grantReadInputs(handler);
    sizer.grantWake(handler);
    grantPutEvents(this, handler);
    new Rule(this, 'Uploaded', {
      description: 'Audio has arrived in the media bucket',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [store.bucket.bucketName] },
          object: { key: [{ prefix: KEY.inboxPrefix }, { wildcard: KEY.input('*') }] },
        },
      },
      targets: [new LambdaFunction(handler, { deadLetterQueue: this.failedEvents, retryAttempts: 20 })],
    });
    return handler;
  }

  private sweepHandler(): NodejsFunction {
    const { store, queue, sizer } = this.props;
    const handler = handlerFunction(this, 'SweepJobs', {
      file: 'intake/sweep-jobs',
      description: 'Requeues jobs whose message was lost, and expires uploads that never arrived',
      environment: {
        ...this.environment(),
        [ENV.sizeFleetFunction]: sizer.handler.functionName,
        ...this.limits(),
      },
      timeout: Duration.seconds(60),
    });
    store.grantTransition(handler);
    store.grantSweep(handler);
    // Deletes an upload that is empty or too large, if its event was lost.
    store.grantEraseVersions(handler, KEY.jobsPrefix, KEY.inboxPrefix);
    queue.grantSend(handler);
    store.grantReadInputs(handler);
    sizer.grantWake(handler);
    grantPutEvents(this, handler);
    new Rule(this, 'Sweep', {
      description: 'Looks for stuck jobs',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(handler)],
    });
    return handler;
  }

  private buryHandler(): NodejsFunction {
    const { store, queue } = this.props;
    const handler = handlerFunction(this, 'BuryJob', {
      file: 'intake/bury-job',
      description: 'Marks the jobs of dead-letter messages as failed',
      environment: this.environment(),
      // Erases what attempts left, which may be thousands of objects.
      timeout: Duration.seconds(60),
    });
    store.grantTransition(handler);
    store.grantEraseWritten(handler);
    grantPutEvents(this, handler);
    handler.addEventSource(
      new SqsEventSource(queue.deadLetters, { batchSize: 10, reportBatchItemFailures: true }),
    );
    return handler;
  }

  /** Limits of an input. */
  private limits(): Record<string, string> {
    const { maxUploadBytes, maxAudioSeconds } = limits(this.props.settings);
    return { [ENV.maxUploadBytes]: maxUploadBytes, [ENV.maxAudioSeconds]: maxAudioSeconds };
  }

  private environment(): Record<string, string> {
    const { store, queue, path } = this.props;
    return {
      [ENV.path]: path,
      [ENV.jobsTable]: store.table.tableName,
      [ENV.mediaBucket]: store.bucket.bucketName,
      ...queue.environment,
    };
  }
}
