import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchModels } from '../../../docker/worker/src/models/fetch-models';
import { createLog } from '../../../docker/worker/src/log';
import { pushFolder } from '../../../cli/models/push-folder';
import { baseEnvironment, clientEnvironment } from '../../../local/emulator';
import { workerBundle } from '../../../local/installation';
import { ObjectServer } from '../../support/object-server';
import { WorkerAws } from './worker-aws';

/** As the worker fetches. */
const PART = 32 << 20;

// Several parts of an upload and of a fetch, and a rest.
const big = randomBytes((72 << 20) + 1234);
let aws: WorkerAws;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'models-'));
  aws = await WorkerAws.start();
});
afterAll(async () => {
  await aws?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('what was pushed is what a machine fetches', async () => {
  const own = join(folder, 'own');
  const model = { name: 'own', revision: '1' };
  const { s3 } = aws.mine();
  mkdirSync(join(own, 'vocabulary'), { recursive: true });
  writeFileSync(join(own, 'model.bin'), big);
  writeFileSync(join(own, 'vocabulary/en.txt'), 'a b c');
  await pushFolder({ s3, bucket: aws.bucket }, model, own, { source: null, license: null });
  const machine = join(folder, 'machine');
  const settings = { modelBucket: aws.bucket, modelDir: machine, models: [{ ...model, required: true }] };
  await fetchModels(settings, s3, createLog({ write: () => undefined }));
  expect(readFileSync(join(machine, 'own/model.bin')).equals(big)).toBe(true);
  expect(readFileSync(join(machine, 'own/vocabulary/en.txt'), 'utf8')).toBe('a b c');
});

describe('a machine’s fetch that is killed', () => {
  const cache = new ObjectServer();
  const model = { name: 'own', revision: '1' };
  let bundle: string;
  let running: ChildProcess | undefined;

  beforeAll(async () => {
    [bundle] = await Promise.all([workerBundle(folder), cache.start()]);
  });
  afterAll(() => cache.stop());
  afterEach(() => void running?.kill('SIGKILL'));

  function fetchOn(machine: string): ChildProcess {
    running = spawn(process.execPath, [bundle, 'fetch-models'], {
      env: {
        ...baseEnvironment(),
        ...clientEnvironment(cache.url),
        MODEL_BUCKET: 'models',
        MODEL_DIR: machine,
        MODELS: JSON.stringify([{ ...model, required: true }]),
      },
      stdio: 'ignore',
    });
    return running;
  }
  const end = (child: ChildProcess) =>
    new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));

  test('goes on in the midst of a part: all is whole, and no part that had come is fetched twice', async () => {
    const own = join(folder, 'killed');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'model.bin'), big);
    writeFileSync(join(own, 'config.json'), '{}');
    await pushFolder({ s3: cache.client(), bucket: 'models' }, model, own, { source: null, license: null });
    cache.requests.length = 0;
    const machine = join(folder, 'killed-machine');
    const journal = join(machine, '.store/own/1.building/.journal.json');
    const noted = () =>
      existsSync(journal)
        ? (JSON.parse(readFileSync(journal, 'utf8')) as { files: Record<string, unknown> }).files
        : {};
    const first = fetchOn(machine);
    // The second part breaks off half way, and its next try never comes.
    const second = `models/own/1/model.bin ${PART}-${2 * PART - 1}`;
    let tries = 0;
    cache.breaks = (request) => request === second && tries++ === 0;
    cache.gate = async (request) => {
      if (request !== second || tries === 0) return;
      while (
        noted()['config.json'] !== 'whole' ||
        (noted()['model.bin'] as number[] | undefined)?.length !== 2
      )
        await sleep(20);
      first.kill('SIGKILL');
      await end(first);
    };
    expect(await end(first)).toBe('SIGKILL');
    expect(existsSync(join(machine, 'own'))).toBe(false);
    cache.breaks = () => false;
    cache.gate = async () => undefined;
    cache.requests.length = 0;
    // The dead one's lock, as if its lease had run out.
    utimesSync(join(machine, '.lock'), 1, 1);
    expect(await end(fetchOn(machine))).toBe(0);
    expect(cache.requests.filter((request) => !request.includes('manifest.json'))).toEqual([second]);
    expect(readFileSync(join(machine, 'own/model.bin')).equals(big)).toBe(true);
    expect(readFileSync(join(machine, 'own/config.json'), 'utf8')).toBe('{}');
  });
});
