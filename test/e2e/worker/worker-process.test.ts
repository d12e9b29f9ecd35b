import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KEY } from '../../../core/contract/keys';
import { MAX_RECEIVES } from '../../../core/contract/limits';
import { baseEnvironment, clientEnvironment } from '../../../local/emulator';
import { workerBundle } from '../../../local/installation';
import { freePort } from '../../../local/ports';
import { hearing, ModelServer, until } from '../../support/model-server';
import { MACHINE, WorkerAws } from './worker-aws';

const VISIBILITY = 3;
let aws: WorkerAws;
let model: ModelServer;
let bundle: string;
let lines: string[];
const folder = mkdtempSync(join(tmpdir(), 'worker-process-'));
const shared = join(folder, 'shared');
const children: ChildProcess[] = [];

beforeAll(async () => {
  [aws, bundle] = await Promise.all([WorkerAws.start(), workerBundle(folder)]);
  writeFileSync(join(folder, 'machine.json'), JSON.stringify(MACHINE));
});
afterAll(async () => {
  await aws?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  lines = [];
  await aws.freshQueues(VISIBILITY);
  model = await ModelServer.start(hearing(600, 100));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await model.stop();
});

async function run(environment: Record<string, string> = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, [bundle], {
    env: {
      ...baseEnvironment(),
      ...clientEnvironment(aws.endpoint),
      SPOTSCRIBE_PATH: 'DockerGpu',
      JOBS_TABLE: aws.table,
      MEDIA_BUCKET: aws.bucket,
      QUEUE_URL: aws.queueUrl,
      FLEET_NAME: 'fleet',
      MAX_AUDIO_SECONDS: '3600',
      MAX_UPLOAD_BYTES: '1000000',
      VISIBILITY_SECONDS: String(VISIBILITY),
      IDLE_SECONDS: '3600',
      PORT: String(await freePort()),
      SERVICES: servicesAt(model.url),
      SHARED_AUDIO: shared,
      MACHINE_FILE: join(folder, 'machine.json'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return child;
}

const servicesAt = (url: string) => JSON.stringify([{ name: 'whisper', url, tasks: ['transcription'] }]);

const exit = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

describe('a worker’s process', () => {
  it('exits with 0 after SIGTERM in the middle of a job, and the job is there for the next one', async () => {
    const job = await aws.job();
    const child = await run();
    await aws.sendJob(job);
    await until(async () => ((await aws.store.get(job.id))?.progress ?? 0) > 0, 'progress');
    child.kill('SIGTERM');
    expect(await exit(child)).toBe(0);
    expect(await aws.store.get(job.id)).toMatchObject({ status: 'queued', attempt: 1 });
    expect(await aws.depth()).toEqual({ visible: 1, inFlight: 0 });
    expect(readdirSync(shared)).toEqual([]);
    expect(lines.at(-1)).toContain('worker stopped');
  });

  it('interrupted more often than a job may fail, leaves the job to the next one, which ends it', async () => {
    const job = await aws.job();
    await aws.sendJob(job);
    for (let interrupted = 1; interrupted <= MAX_RECEIVES + 1; interrupted++) {
      const child = await run();
      await until(() => model.requests.length === interrupted, `attempt ${interrupted}`);
      child.kill('SIGTERM');
      expect(await exit(child)).toBe(0);
    }
    model.script = hearing(60, 1);
    await run();
    await until(async () => (await aws.store.get(job.id))?.status === 'succeeded', 'the job succeeds');
    expect(await aws.store.get(job.id)).toMatchObject({ attempt: MAX_RECEIVES + 2 });
    expect(await aws.depth(aws.deadLettersUrl)).toEqual({ visible: 0, inFlight: 0 });
  });

  it('killed in the middle of a job, leaves it to the next one: one result, nothing in scratch', async () => {
    const job = await aws.job();
    const first = await run();
    await aws.sendJob(job);
    await until(() => model.requests.length === 1, 'the first attempt');
    first.kill('SIGKILL');
    await exit(first);
    expect(readdirSync(shared)).toEqual([job.id]);

    model.script = hearing(60, 1);
    const second = await run();
    await until(async () => (await aws.store.get(job.id))?.status === 'succeeded', 'the job succeeds');
    await until(async () => (await aws.depth()).inFlight === 0, 'its message is deleted');
    expect(await aws.store.get(job.id)).toMatchObject({ attempt: 2 });
    expect(await aws.keys(KEY.job(job.id))).toEqual([KEY.input(job.id), KEY.transcript(job.id, 2)]);
    await until(() => readdirSync(shared).length === 0, 'scratch is empty');
    second.kill('SIGTERM');
    expect(await exit(second)).toBe(0);
  });

  it('that cannot start says why in one line', async () => {
    const child = await run({ SERVICES: servicesAt('whisper') });
    expect(await exit(child)).toBe(1);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'fatal',
      time: expect.any(String),
      msg: expect.stringMatching(
        /^SERVICES must be a list such as \[\{"name":"whisper",.* got .*\. Correct it in the task definition\.$/,
      ),
    });
  });
});
