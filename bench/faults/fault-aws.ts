import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { OUTPUT } from '../../core/contract/environment';
import type { JobMessage } from '../../core/contract/job';
import { INDEX } from '../../core/contract/keys';
import type { MachineSpec } from '../../core/contract/machine-spec';
import { JobStore } from '../../core/jobs/job-store';
import { type ObjectVersion, versionsBelow } from '../../core/jobs/object-versions';
import type { LocalAws } from '../../local';
import { clientConfiguration } from '../../local/emulator';
import { readDeployedMachine } from '../../local/machine/deployed-machine';

/** The deployment as the run sees it: without the proxy, so that it is not disturbed itself. */
export class FaultAws {
  readonly s3: S3Client;
  readonly store: JobStore;
  readonly bucket: string;
  private readonly sqs: SQSClient;
  private readonly documents: DynamoDBDocumentClient;
  private readonly table: string;

  constructor(private readonly aws: LocalAws) {
    const options = clientConfiguration(aws.endpoint);
    this.s3 = new S3Client(options);
    this.sqs = new SQSClient(options);
    this.documents = DynamoDBDocumentClient.from(new DynamoDBClient(options));
    this.table = this.output('jobsTable');
    this.bucket = this.output('mediaBucket');
    this.store = new JobStore(this.documents, this.table);
  }

  /** The machines of the deployed path. */
  async machineSpec(): Promise<MachineSpec> {
    const ssm = new SSMClient(clientConfiguration(this.aws.endpoint));
    const deployed = await readDeployedMachine(ssm, this.output('machine'));
    if (deployed === undefined) throw new Error('The path has no machines');
    return deployed.spec;
  }

  /** Number of jobs that have not ended. */
  async openJobs(): Promise<number> {
    let count = 0;
    let start: Record<string, unknown> | undefined;
    do {
      const { Count = 0, LastEvaluatedKey } = await this.documents.send(
        new QueryCommand({
          ...{ TableName: this.table, IndexName: INDEX.open, ExclusiveStartKey: start, Select: 'COUNT' },
          KeyConditionExpression: '#open = :open',
          ExpressionAttributeNames: { '#open': 'open' },
          ExpressionAttributeValues: { ':open': 'open' },
        }),
      );
      count += Count;
      start = LastEvaluatedKey;
    } while (start !== undefined);
    return count;
  }

  /** Sends the message of a job once more. */
  async sendAgain(id: string): Promise<void> {
    const message: JobMessage = { version: 1, job_id: id };
    await this.sqs.send(
      new SendMessageCommand({ QueueUrl: this.output('queueUrl'), MessageBody: JSON.stringify(message) }),
    );
  }

  /** Lets another worker receive a message that a worker has received. */
  async showAgain(ReceiptHandle: string): Promise<void> {
    const QueueUrl = this.output('queueUrl');
    await this.sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    );
  }

  /** Messages of a queue: visible, delayed and in flight. */
  async messages(queue: 'queueUrl' | 'deadLetterQueueUrl'): Promise<number> {
    const { Attributes = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: this.output(queue), AttributeNames: ['All'] }),
    );
    return (
      Number(Attributes.ApproximateNumberOfMessages) +
      Number(Attributes.ApproximateNumberOfMessagesDelayed) +
      Number(Attributes.ApproximateNumberOfMessagesNotVisible)
    );
  }

  async versionsBelow(prefix: string): Promise<ObjectVersion[]> {
    const found: ObjectVersion[] = [];
    for await (const page of versionsBelow(this.s3, this.bucket, prefix)) found.push(...page);
    return found;
  }

  private output(name: keyof typeof OUTPUT): string {
    return this.aws.outputs[OUTPUT[name]] ?? '';
  }
}
