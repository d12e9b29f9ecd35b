import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { FleetGroup } from '../../../lambda/fleet/fleet-group';
import { INDEX } from '../../../core/contract/keys';
import { FleetStore } from '../../../core/fleet/fleet-store';
import { MachineStore } from '../../../core/fleet/machine-store';
import { WAITING_ATTRIBUTES, WaitingJobs } from '../../../core/fleet/waiting-jobs';
import { WarmRequests } from '../../../core/fleet/warm-request';
import type { Dependencies } from '../../../lambda/fleet/size-fleet';
import { SizingLock } from '../../../lambda/fleet/sizing-lock';
import { clientConfiguration, startEmulator } from '../../../local/emulator';
import { pythonEnvironment } from '../../../local/installation';
import { freePort } from '../../../local/ports';
import type { ManagedProcess } from '../../../local/processes';

const FLEET = 'fleet';
export const TABLE = 'jobs';

/** The emulator with a group, a queue and a table, and what sizes a fleet with them; no stack. */
export class EmulatedFleet {
  readonly autoScaling: AutoScalingClient;
  readonly sqs: SQSClient;
  readonly documents: DynamoDBDocumentClient;
  queueUrl = '';
  bulkQueueUrl = '';

  private constructor(
    private readonly emulator: ManagedProcess,
    readonly folder: string,
    readonly endpoint: string,
  ) {
    const client = clientConfiguration(endpoint);
    this.autoScaling = new AutoScalingClient(client);
    this.sqs = new SQSClient(client);
    this.documents = DynamoDBDocumentClient.from(new DynamoDBClient(client), {
      marshallOptions: { removeUndefinedValues: true },
    });
  }

  static async start(folder = mkdtempSync(join(tmpdir(), 'fleet-aws-'))): Promise<EmulatedFleet> {
    const python = await pythonEnvironment('emulator', 'local/emulator/requirements.txt', () => undefined);
    const port = await freePort();
    const emulator = await startEmulator(python, port, folder);
    const fleet = new EmulatedFleet(emulator, folder, `http://127.0.0.1:${port}`);
    await fleet.create();
    return fleet;
  }

  async stop(): Promise<void> {
    await this.emulator.stop(2);
    rmSync(this.folder, { recursive: true, force: true });
  }

  get machines(): MachineStore {
    return new MachineStore(this.documents, TABLE);
  }

  get warmRequests(): WarmRequests {
    return new WarmRequests(this.documents, TABLE);
  }

  dependencies(change: Partial<Dependencies> = {}): Dependencies {
    return {
      sqs: this.sqs,
      group: new FleetGroup(this.autoScaling, FLEET),
      lock: new SizingLock(this.documents, TABLE),
      machines: this.machines,
      fleet: new FleetStore(this.documents, TABLE),
      waiting: new WaitingJobs(this.documents, TABLE),
      queueUrl: this.queueUrl,
      bulkQueueUrl: this.bulkQueueUrl,
      maxMachines: 8,
      ...{ jobsPerMachine: 1, mode: 'standard', unit: 'audio_second' },
      idle: { kind: 'queue', seconds: 300 },
      warm: { machines: 0 },
      requests: this.warmRequests,
      ...change,
    };
  }

  async group() {
    const { AutoScalingGroups = [] } = await this.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [FLEET] }),
    );
    const [group] = AutoScalingGroups;
    return {
      desired: group?.DesiredCapacity,
      bounds: [group?.MinSize, group?.MaxSize],
      ids: (group?.Instances ?? []).map(({ InstanceId = '' }) => InstanceId),
      suspended: (group?.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName),
    };
  }

  private async create(): Promise<void> {
    const { QueueUrl } = await this.sqs.send(new CreateQueueCommand({ QueueName: 'jobs' }));
    this.queueUrl = QueueUrl ?? '';
    const bulk = await this.sqs.send(new CreateQueueCommand({ QueueName: 'bulk' }));
    this.bulkQueueUrl = bulk.QueueUrl ?? '';
    await this.autoScaling.send(
      new CreateAutoScalingGroupCommand({ AutoScalingGroupName: FLEET, MinSize: 0, MaxSize: 100 }),
    );
    await this.documents.send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'open', AttributeType: 'S' },
          { AttributeName: 'waits_from', AttributeType: 'N' },
        ],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: INDEX.waiting,
            KeySchema: [
              { AttributeName: 'open', KeyType: 'HASH' },
              { AttributeName: 'waits_from', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...WAITING_ATTRIBUTES] },
          },
        ],
      }),
    );
  }
}
