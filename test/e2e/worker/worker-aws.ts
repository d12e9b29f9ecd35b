import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { randomBytes } from 'node:crypto';
import type { JobMessage, JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import type { Machine } from '../../../core/contract/machine';
import { MAX_RECEIVES } from '../../../core/contract/limits';
import type { Transcript } from '../../../core/contract/work/transcript';
import type { TranscriptionOptions } from '../../../core/contract/work/options';
import { JobStore } from '../../../core/jobs/job-store';
import { queueBeside } from '../../../core/jobs/queue-beside';
import { type ObjectVersion, versionsBelow } from '../../../core/jobs/object-versions';
import type { Clients } from '../../../docker/worker/src/clients';
import { resultKeys } from '../../../core/jobs/job-tasks';
import { startEmulator, clientConfiguration } from '../../../local/emulator';
import { pythonEnvironment } from '../../../local/installation';
import { freePort } from '../../../local/ports';
import type { ManagedProcess } from '../../../local/processes';
import { until } from '../../until';

/** What a machine says of itself. */
export const MACHINE: Machine = {
  instance_id: 'i-1',
  instance_type: 'g4dn.xlarge',
  capacity: 'spot',
  availability_zone: 'us-east-1a',
};

const BUCKET = 'media';
const TABLE = 'jobs';

/** The emulator with what a worker needs of a path's stack, without the stack. */
export class WorkerAws {
  queueUrl = '';
  bulkQueue = '';
  deadLettersUrl = '';
  readonly bucket = BUCKET;
  readonly table = TABLE;

  private constructor(
    private readonly emulator: ManagedProcess,
    private readonly folder: string,
    readonly endpoint: string,
  ) {}

  static async start(): Promise<WorkerAws> {
    const folder = mkdtempSync(join(tmpdir(), 'worker-aws-'));
    const python = await pythonEnvironment('emulator', 'local/emulator/requirements.txt', () => undefined);
    const port = await freePort();
    const emulator = await startEmulator(python, port, folder);
    const aws = new WorkerAws(emulator, folder, `http://127.0.0.1:${port}`);
    await aws.create();
    return aws;
  }

  async stop(): Promise<void> {
    await this.emulator.stop(2);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Clients of their own for each worker, which destroys them when it stops. */
  clients(): Clients {
    const options = clientConfiguration(this.endpoint);
    return {
      documents: DynamoDBDocumentClient.from(new DynamoDBClient(options), {
        marshallOptions: { removeUndefinedValues: true },
      }),
      keys: DynamoDBDocumentClient.from(new DynamoDBClient(options)),
      s3: new S3Client(options),
      sqs: new SQSClient(options),
      events: new EventBridgeClient(options),
      autoScaling: new AutoScalingClient(options),
    };
  }

  readonly mine = () => (this.own ??= this.clients());
  private own: Clients | undefined;

  get store(): JobStore {
    return new JobStore(this.mine().documents, TABLE);
  }

  /** A queued job with its audio, its message not yet sent. */
  async job(
    options: TranscriptionOptions = {},
    sound: Buffer | string = 'sound',
    change: Partial<JobRow> = {},
  ): Promise<JobRow> {
    const id = `job_${randomBytes(16).toString('hex')}`;
    const now = new Date().toISOString();
    const row: JobRow = {
      id,
      tenant: 'default',
      status: 'queued',
      name: 'a.mp3',
      origin: 'api',
      input_key: KEY.input(id),
      options,
      created_at: now,
      updated_at: now,
      queued_at: now,
      progress: 0,
      tasks: { transcription: options },
      stages: {},
      degraded: [],
      attempt: 0,
      open: 'open',
      sweep_at: Math.floor(Date.now() / 1000) + 3600,
      expires_at: Math.floor(Date.now() / 1000) + 86400,
      ...change,
    };
    const { VersionId, ETag } = await this.put(row.input_key, sound);
    const bound = { ...row, input_version: VersionId, input_etag: ETag };
    await this.store.create(bound);
    return bound;
  }

  get bulkQueueUrl(): string {
    return queueBeside(this.queueUrl, this.bulkQueue);
  }

  /** The current row of a job. */
  async row({ id }: Pick<JobRow, 'id'>): Promise<JobRow> {
    return (await this.store.get(id))!;
  }

  /** Waits until a job has this status. */
  async ended(job: JobRow, as: JobRow['status'] = 'succeeded'): Promise<JobRow> {
    await until(async () => (await this.row(job)).status === as, `${job.id} ${as}`);
    return this.row(job);
  }

  put(Key: string, Body: Buffer | string) {
    return this.mine().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  }

  remove(Key: string) {
    return this.mine().s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
  }

  async bytes(Key: string): Promise<Uint8Array> {
    const { Body } = await this.mine().s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return Body!.transformToByteArray();
  }

  async text(Key: string): Promise<string> {
    return Buffer.from(await this.bytes(Key)).toString();
  }

  async read(Key: string): Promise<unknown> {
    return JSON.parse(await this.text(Key));
  }

  async contentType(Key: string): Promise<string | undefined> {
    const { ContentType } = await this.mine().s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }));
    return ContentType;
  }

  async transcript(row: JobRow): Promise<Transcript> {
    return (await this.read(resultKeys(row).transcription!)) as Transcript;
  }

  async keys(prefix: string): Promise<string[]> {
    const { Contents = [] } = await this.mine().s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }),
    );
    return Contents.map(({ Key }) => Key!);
  }

  /** Versions of all objects below a prefix, markers included. */
  async versions(prefix: string): Promise<ObjectVersion[]> {
    const found: ObjectVersion[] = [];
    for await (const page of versionsBelow(this.mine().s3, BUCKET, prefix)) found.push(...page);
    return found;
  }

  send(body: object | string, { url = this.queueUrl, group }: { url?: string; group?: string } = {}) {
    const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
    return this.mine().sqs.send(
      new SendMessageCommand({ QueueUrl: url, MessageBody, MessageGroupId: group }),
    );
  }

  sendJob(row: JobRow) {
    return this.send({ version: 1, job_id: row.id });
  }

  /** Messages in a queue, in hands or not. */
  async depth(url = this.queueUrl): Promise<{ visible: number; inFlight: number }> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
    const { Attributes = {} } = await this.mine().sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: names as QueueAttributeName[] }),
    );
    const [visible, inFlight] = names.map((name) => Number(Attributes[name as QueueAttributeName]));
    return { visible: visible!, inFlight: inFlight! };
  }

  /** Waits until the queue has no message, also none in flight. */
  emptied(): Promise<void> {
    const isEmpty = async () => {
      const { visible, inFlight } = await this.depth();
      return visible + inFlight === 0;
    };
    return until(isEmpty, 'the queue is empty');
  }

  /** Takes the messages that can be received out of the queue. */
  async receiveAll(): Promise<JobMessage[]> {
    const { sqs } = this.mine();
    const found: JobMessage[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: this.queueUrl }));
      if (Messages.length === 0) return found;
      found.push(...Messages.map(({ Body }) => JSON.parse(Body!) as JobMessage));
    }
  }

  /** Empty queues and their dead letters, in place of those before. */
  async freshQueues(visibilitySeconds: number): Promise<void> {
    const { sqs } = this.mine();
    const name = randomBytes(4).toString('hex');
    const dead = await sqs.send(new CreateQueueCommand({ QueueName: `dead-${name}` }));
    this.deadLettersUrl = dead.QueueUrl!;
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: this.deadLettersUrl, AttributeNames: ['QueueArn'] }),
    );
    const redrive = { deadLetterTargetArn: Attributes!.QueueArn, maxReceiveCount: MAX_RECEIVES };
    const queueOfJobs = async (QueueName: string) => {
      const attributes = {
        VisibilityTimeout: String(visibilitySeconds),
        RedrivePolicy: JSON.stringify(redrive),
      };
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: attributes }));
      return QueueUrl!;
    };
    this.queueUrl = await queueOfJobs(`work-${name}`);
    this.bulkQueue = `bulk-${name}`;
    await queueOfJobs(this.bulkQueue);
  }

  private async create(): Promise<void> {
    const { s3, documents } = this.mine();
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await s3.send(
      new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await documents.send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
  }
}
