import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { machineRowId } from '../../core/contract/keys';
import { FleetStore } from '../../core/fleet/fleet-store';
import { NEW_FLEET } from '../../core/fleet/learning';
import { MachineStore } from '../../core/fleet/machine-store';
import { createLog } from '../../docker/worker/src/log';
import { GuardedService } from '../../docker/worker/src/services/guarded-service';
import type { ModelService } from '../../docker/worker/src/services/model-service';
import { Services } from '../../docker/worker/src/services/services';
import type { WorkerSettings } from '../../docker/worker/src/settings';
import { Worker } from '../../docker/worker/src/worker';
import { freePort } from '../../local/ports';
import { LocalTable } from '../support/local-table';
import { until } from '../until';

const log = createLog({ write: () => undefined });
const autoScaling = mockClient(AutoScalingClient);
const sqs = mockClient(SQSClient);
const table = new LocalTable();
let sharedAudio: string;
let worker: Worker;
let receiving: number;
let mostReceives: number;

beforeAll(() => table.start());
afterAll(() => table.stop());
beforeEach(async () => {
  table.reset();
  receiving = mostReceives = 0;
  autoScaling.reset();
  autoScaling.on(TerminateInstanceInAutoScalingGroupCommand).resolves({});
  sqs.reset();
  sqs.on(GetQueueAttributesCommand).resolves({});
  sqs.on(ReceiveMessageCommand).callsFake(async () => {
    mostReceives = Math.max(mostReceives, ++receiving);
    await new Promise((resolve) => setTimeout(resolve, 10));
    receiving--;
    return {};
  });
  sharedAudio = mkdtempSync(join(tmpdir(), 'worker-unit-'));
  worker = await idleWorker({ idleSeconds: 3_600 });
});
afterEach(async () => {
  await worker.stop();
  rmSync(sharedAudio, { recursive: true, force: true });
});

/** A worker without jobs, whose model is ready. */
async function idleWorker(settings: Partial<WorkerSettings>): Promise<Worker> {
  const model = { name: 'whisper', state: async () => ({ state: 'ready' }) } as unknown as ModelService;
  return new Worker({
    settings: {
      ...{ path: 'DockerGpu', jobsTable: 'jobs', mediaBucket: 'media', fleetName: 'fleet', services: [] },
      ...{
        queueUrl: 'http://localhost:1/1/jobs',
        bulkQueue: 'bulk',
        idleRule: 'queue',
        visibilitySeconds: 60,
      },
      ...{ maxAudioSeconds: 60, maxUploadBytes: 1_000, modelSilenceSeconds: 60 },
      ...{ host: '127.0.0.1', port: await freePort(), sharedAudio, machineFile: 'unused' },
      ...settings,
    },
    machine: {
      ...{ instance_id: 'i-1', instance_type: 'g4dn.xlarge', capacity: 'spot' as const },
      availability_zone: 'us-east-1a',
    },
    clients: {
      ...{ documents: table.client(), keys: table.client(), s3: new S3Client({}), sqs: new SQSClient({}) },
      ...{ events: new EventBridgeClient({}), autoScaling: new AutoScalingClient({}) },
    },
    services: new Services([{ service: new GuardedService(model, log), tasks: ['transcription'] }]),
    log,
    waitSeconds: 0,
  });
}

/** Writes the notice, as the sizer does. */
const announce = () =>
  table.client().send(
    new UpdateCommand({
      TableName: 'jobs',
      Key: { id: machineRowId('i-1') },
      UpdateExpression: 'SET #notice = :now',
      ExpressionAttributeNames: { '#notice': 'notice_at' },
      ExpressionAttributeValues: { ':now': Date.now() },
    }),
  );
/** Writes what the sizer has learnt: machines boot within a second. */
const learn = () =>
  new FleetStore(table.client(), 'jobs').write({ ...NEW_FLEET, boots: { 'g4dn.xlarge': 1 } });
const ends = () =>
  autoScaling.commandCalls(TerminateInstanceInAutoScalingGroupCommand).map(({ args }) => args[0].input);
const ONCE = [{ InstanceId: 'i-1', ShouldDecrementDesiredCapacity: true }];
const receives = () => sqs.commandCalls(ReceiveMessageCommand).length;

describe('a worker at a spot notice', () => {
  it('ends its machine when it is stopped', async () => {
    await worker.start();
    await until(() => receives() > 0, 'it receives');
    await announce();
    await worker.stop();
    expect(ends()).toEqual(ONCE);
  });

  it('stops receiving and ends its machine although nobody stops it, and once only', async () => {
    await announce();
    await worker.start();
    await until(() => ends().length > 0, 'the machine ends');
    const before = receives();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(receives()).toBe(before);
    await worker.stop();
    expect(ends()).toEqual(ONCE);
  });
});

describe('a worker that is stopped', () => {
  it('leaves its machine to the next one without a notice, and reports that it holds nothing', async () => {
    await worker.start();
    await until(() => receives() > 0, 'it receives');
    const store = new MachineStore(table.client(), 'jobs');
    await store.beat('i-1', { idle_seconds: 0, holding: ['job-1'], busy_until: 1 }, 1);
    await worker.stop();
    expect(ends()).toEqual([]);
    const row = await store.beat('i-1', { idle_seconds: 0, holding: ['job-1'] }, 2);
    expect(row).not.toHaveProperty('busy_until');
    expect(row.ready_at).toBeGreaterThan(0);
  });
});

describe('a worker without work', () => {
  it('asks for one message at a time: the second could be a long job behind another one', async () => {
    await worker.start();
    await until(() => receives() > 10, 'it receives');
    expect(mostReceives).toBe(1);
  });

  it('ends its machine after the time that the rule takes from what the sizer has learnt', async () => {
    await learn();
    worker = await idleWorker({ idleRule: 'requests' });
    await worker.start();
    await until(() => ends().length > 0, 'the machine ends');
    expect(ends()).toEqual(ONCE);
  });
});
