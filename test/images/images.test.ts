import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeContext } from '../../lib/images/image-context';
import { SERVICES } from '../../lib/services';
import { clientEnvironment } from '../../local/emulator';
import { freePort } from '../../local/ports';
import { SAMPLE, sample, sampleWords, words } from '../e2e/audio';
import { MACHINE, WorkerAws } from '../e2e/worker/worker-aws';
import { until } from '../support/model-server';
import { type Layer, layersOf, report, total } from './layers';
import { build, buildStage, Container, inspect, outputOf, programsIn } from './podman';

jest.setTimeout(40 * 60_000);

const onLaptops = process.env.REQUIREMENTS !== 'production';
const requirements = onLaptops ? 'laptop' : 'production';
const GIB = 2 ** 30;

const folder = mkdtempSync(join(tmpdir(), 'spotscribe-images-'));
const shared = join(folder, 'shared');
const containers: Container[] = [];

/** The images of path 500, which has them all. */
const images = ['worker', 'whisper', 'voxtral'] as const;

beforeAll(async () => {
  for (const writable of [shared, join(folder, 'scratch')]) {
    mkdirSync(writable);
    chmodSync(writable, 0o777);
  }
  copyFileSync(SAMPLE, join(shared, 'sample.flac'));
  writeFileSync(join(folder, 'machine.json'), JSON.stringify(MACHINE));
  // mkdtemp lets nobody else in, and the containers' user is somebody else.
  chmodSync(folder, 0o755);
  for (const image of images) {
    const context = join(folder, `context-${image}`);
    if (image === 'worker') {
      writeContext({ images: [image], bundle: true }, context);
      await build(image, 'node', [context]);
    } else {
      writeContext({ images: ['environment', image], bundle: true }, context);
      const family = SERVICES[image].image.families[requirements];
      await buildStage(image, { target: image, family, requirements }, context);
      await buildStage(family, { target: 'environment', family, requirements }, context);
    }
  }
});

afterEach(async () => {
  for (const container of containers.splice(0)) await container.remove();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(
  image: string,
  network: string,
  environment: Record<string, string>,
  command?: string[],
) {
  const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const volumes = [
    ...['--volume', `${shared}:/shared-audio:${image === 'worker' ? 'rw' : 'ro'}`],
    ...['--volume', `${join(folder, 'scratch')}:/scratch:rw`],
    ...['--volume', `${join(folder, 'machine.json')}:/machine.json:ro`],
  ];
  const container = await Container.start(image, network, [...variables, ...volumes], command);
  containers.push(container);
  return container;
}

const service = (name: 'whisper' | 'voxtral', port: number): Record<string, string> => ({
  ...(name === 'whisper' ? { WHISPER_ENGINE: 'faster-whisper' } : { VOXTRAL_ENGINE: 'extractive' }),
  PORT: String(port),
  SHARED_AUDIO: '/shared-audio',
  TMPDIR: '/scratch',
  ...AGENT,
});

/** What the ECS agent adds to every container of a task with a role. */
const AGENT = {
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/0a1b2c3d',
  AWS_EXECUTION_ENV: 'AWS_ECS_EC2',
  ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/0a1b2c3d',
};

const healthy = (container: Container, port: number) =>
  until(() => container.healthy(port), `port ${port} to be healthy`, 120);

describe('every image', () => {
  test.each(images)('%s runs as nobody’s root', async (name) => {
    const { User, Config } = await inspect(name);
    expect(User).toMatch(/^10001(:10001)?$/);
    // Exec form: SIGTERM reaches the program, and no shell is between.
    expect(Config.Entrypoint[0]).toMatch(/^(node|python)$/);
    expect(Config.Env.join('\n')).not.toMatch(/secret|token|password/i);
  });

  test.each(['whisper', 'voxtral'])(
    '%s has no health check, which would see its credentials',
    async (name) => {
      expect((await inspect(name)).Config.Healthcheck).toBeUndefined();
    },
  );

  test.each(['whisper', 'voxtral'])('%s does not contain the program that installed it', async (name) => {
    expect(await programsIn(name, ['uv', 'ffmpeg', 'python'])).toEqual(['ffmpeg', 'python']);
  });

  test.each(['whisper', 'voxtral'])(
    '%s has an ffmpeg that reads files and pipes, and no network',
    async (name) => {
      const protocols =
        (await outputOf(name, 'ffmpeg', '-v', 'error', '-protocols')).match(/^ +\w+$/gm) ?? [];
      expect([...new Set(protocols.map((line) => line.trim()))].sort()).toEqual(['file', 'pipe']);
      expect(await outputOf(name, 'ffprobe', '-v', 'error', '-version')).toContain('--disable-network');
    },
  );

  test('is in layers that a machine pulls side by side, and a family once for both models', async () => {
    const layers = new Map<string, Layer[]>(
      await Promise.all(images.map(async (image) => [image, await layersOf(image)] as const)),
    );
    const of = (name: string) => layers.get(name) ?? [];
    process.stdout.write([...layers].map(([name, each]) => `${report(name, each)}\n`).join('\n'));
    for (const { bytes } of [...layers.values()].flat()) expect(bytes).toBeLessThan(2 * GIB);
    const digests = (each: Layer[]) => each.map(({ digest }) => digest);
    for (const name of ['whisper', 'voxtral'] as const) {
      const family = await layersOf(SERVICES[name].image.families[requirements]);
      expect(digests(of(name)).slice(0, family.length)).toEqual(digests(family));
    }
    const known = new Set(digests(of('whisper')));
    const added = of('voxtral').filter(({ digest }) => !known.has(digest));
    expect(total(added)).toBeLessThan(0.05 * total(of('whisper')));
    // What a public base of Node.js takes is not ours to say; ours is what lies on it.
    expect(of('worker').at(-1)?.bytes).toBeLessThan(5e6);
    expect(total(of('whisper'))).toBeLessThan(4.5e9);
  });
});

const onLaptopsOnly = onLaptops ? describe : describe.skip;

onLaptopsOnly('without a network, a root or a file system to write', () => {
  const ASK = `
import json, os, sys, urllib.request
body = json.dumps({"path": "sample.flac"}).encode()
url = f"http://127.0.0.1:{os.environ['PORT']}/transcribe"
request = urllib.request.Request(url, body, {"content-type": "application/json"})
print(urllib.request.urlopen(request, timeout=100).read().decode())
`;

  test.each(['whisper', 'voxtral'] as const)('%s gets well, transcribes, and ends with 0', async (name) => {
    const container = await start(name, 'none', service(name, 8123));
    await healthy(container, 8123);
    expect(await container.run('id', '-u')).toBe('10001');
    await expect(container.run('touch', '/opt/spotscribe/x')).rejects.toThrow('Read-only file system');
    const heard = new Set(words(await container.python(ASK)));
    const known = new Set(sampleWords());
    expect([...known].filter((word) => heard.has(word)).length).toBeGreaterThan(0.8 * known.size);
    expect(await container.stop()).toBe(0);
  });

  /** The environment of the first process and of all that it started, as `{pid: variables}`. */
  const ENVIRONMENTS = `
import json
from pathlib import Path
found, waiting = {}, ["1"]
while waiting:
    pid = waiting.pop()
    found[pid] = Path(f"/proc/{pid}/environ").read_text().split(chr(0))
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        waiting += children.read_text().split()
print(json.dumps(found))
`;

  test.each(['whisper', 'voxtral'] as const)('%s keeps no way to the task’s credentials', async (name) => {
    const container = await start(name, 'none', service(name, 8123));
    await healthy(container, 8123);
    const found = JSON.parse(await container.python(ENVIRONMENTS)) as Record<string, string[]>;
    expect(Object.keys(found)).not.toEqual([]);
    for (const variables of Object.values(found)) {
      expect(variables).toContain('SHARED_AUDIO=/shared-audio');
      expect(variables.filter((variable) => /^(AWS|ECS)_/.test(variable))).toEqual([]);
    }
  });

  test('the fetch of models that nobody needs ends with 0', async () => {
    const environment = {
      MODEL_BUCKET: 'none',
      MODEL_DIR: '/scratch',
      MODELS: '[]',
      AWS_REGION: 'us-east-1',
    };
    const container = await start('worker', 'none', environment, ['fetch-models']);
    expect(await container.ended()).toBe(0);
  });
});

onLaptopsOnly('the worker’s image beside whisper’s', () => {
  let aws: WorkerAws;
  beforeAll(async () => {
    aws = await WorkerAws.start();
    await aws.freshQueues(30);
  });
  afterAll(() => aws.stop());

  test('does a job from the queue, and ends with 0', async () => {
    const [whisperPort, workerPort] = [await freePort(), await freePort()];
    const whisper = await start('whisper', 'host', { ...service('whisper', whisperPort), HOST: '127.0.0.1' });
    await healthy(whisper, whisperPort);
    const worker = await start('worker', 'host', {
      ...clientEnvironment(aws.endpoint),
      SPOTSCRIBE_PATH: 'DockerGpu',
      JOBS_TABLE: aws.table,
      MEDIA_BUCKET: aws.bucket,
      QUEUE_URL: aws.queueUrl,
      BULK_QUEUE: aws.bulkQueue,
      FLEET_NAME: 'fleet',
      MAX_AUDIO_SECONDS: '3600',
      MAX_UPLOAD_BYTES: '10000000',
      VISIBILITY_SECONDS: '30',
      IDLE_SECONDS: '3600',
      HOST: '127.0.0.1',
      PORT: String(workerPort),
      SERVICES: JSON.stringify([
        { name: 'whisper', url: `http://127.0.0.1:${whisperPort}`, tasks: ['transcription'] },
      ]),
      SHARED_AUDIO: '/shared-audio',
      MACHINE_FILE: '/machine.json',
    });
    await until(() => worker.checked(), 'the worker to be healthy', 120);
    const row = await aws.job({}, sample());
    await aws.sendJob(row);
    await until(async () => (await aws.store.get(row.id))?.status === 'succeeded', 'the job to succeed', 100);
    const { segments } = await aws.transcript((await aws.store.get(row.id))!);
    expect(words(segments.map(({ text }) => text).join(' ')).length).toBeGreaterThan(30);
    expect(await worker.stop()).toBe(0);
    expect(await whisper.stop()).toBe(0);
  });
});
