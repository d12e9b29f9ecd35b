import { Duration } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { MAX_RECEIVES } from '../../core/contract/limits';

export interface JobQueueProps {
  /** How long a received message stays hidden without a heartbeat. */
  readonly visibility: Duration;
}

/** The queues of normal and of bulk jobs, and their dead-letter queue. */
export class JobQueue extends Construct {
  readonly queue: Queue;
  /** Workers receive from it when the other one has no message (docs/decisions/048). */
  readonly bulkQueue: Queue;
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: JobQueueProps,
  ) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      // `bury-job` throws while a worker still holds the job, and retries after this time.
      visibilityTimeout: Duration.seconds(Math.max(60, props.visibility.toSeconds())),
    });
    this.queue = this.queueOfJobs('Queue');
    this.bulkQueue = this.queueOfJobs('BulkQueue');
  }

  /** Environment variables that name the queues. */
  get environment(): Record<string, string> {
    return { [ENV.queueUrl]: this.queue.queueUrl, [ENV.bulkQueue]: this.bulkQueue.queueName };
  }

  grantSend(grantee: IGrantable) {
    for (const queue of this.both) queue.grantSendMessages(grantee);
  }

  grantConsume(grantee: IGrantable) {
    for (const queue of this.both) queue.grantConsumeMessages(grantee);
  }

  /** Lets the grantee read the numbers of messages. */
  grantCount(grantee: IGrantable) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['sqs:GetQueueAttributes'],
        resources: this.both.map(({ queueArn }) => queueArn),
      }),
    );
  }

  private get both(): Queue[] {
    return [this.queue, this.bulkQueue];
  }

  private queueOfJobs(id: string): Queue {
    return new Queue(this, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      receiveMessageWaitTime: Duration.seconds(20),
      visibilityTimeout: this.props.visibility,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
  }
}
