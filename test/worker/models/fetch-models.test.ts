import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchModels, type FetchTraits } from '../../../docker/worker/src/models/fetch-models';
import { createLog } from '../../../docker/worker/src/log';
import { ModelDisk } from '../../../docker/worker/src/models/model-disk';
import { ModelsMark } from '../../../core/contract/machine';
import { MARK_PREFIX, modelsMark } from '../../../core/models/models-mark';
import { MODEL_KEY, type WantedModel } from '../../../core/models/model-layout';
import type { ModelManifest } from '../../../core/models/model-manifest';
import { ObjectServer } from '../../support/object-server';

const PART = 1000;
const turbo = { name: 'turbo', revision: '1' };
const server = new ObjectServer();
let folder: string;
let lines: Record<string, unknown>[];

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-'));
  lines = [];
  server.objects.clear();
  server.requests.length = 0;
  server.breaks = () => false;
  server.gate = async () => undefined;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a model into the cache with a correct manifest. Tests may change the objects later. */
function cache(model: { name: string; revision: string }, files: Record<string, Buffer | string>) {
  const contents = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }));
  for (const { path, content } of contents) server.objects.set(MODEL_KEY.file(model, path), content);
  const manifest: ModelManifest = {
    version: 1,
    ...model,
    source: null,
    license: 'MIT',
    created_at: '2026-01-01T00:00:00Z',
    files: contents.map(({ path, content }) => ({
      path,
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
  };
  server.objects.set(MODEL_KEY.manifest(model), Buffer.from(JSON.stringify(manifest)));
}

const fetchAll = (
  models: WantedModel[] = [{ ...turbo, required: true }],
  traits: FetchTraits = {},
  connect = server.client(),
) =>
  fetchModels(
    { modelBucket: 'models', modelDir: folder, models },
    connect,
    createLog({ write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
    { partBytes: PART, ...traits },
  );
const read = (path: string) => readFileSync(join(folder, path));
const isMark = (name: string) => name.startsWith(MARK_PREFIX);
const marks = () => readdirSync(folder).filter(isMark);
/** What is in the folder beside the mark. */
const names = () =>
  readdirSync(folder)
    .filter((name) => !isMark(name))
    .sort();
const requestsFor = (path: string) => server.requests.filter((request) => request.includes(`/${path} `));

/** A disk with a given amount of free space. */
class FullDisk extends ModelDisk {
  constructor(private readonly bytes: number[]) {
    super(folder);
  }
  override async free(): Promise<number> {
    return this.bytes.length > 1 ? this.bytes.shift()! : this.bytes[0]!;
  }
}

describe('fetching models', () => {
  it('fetches a model in parts, completely or not at all, with folders and empty files', async () => {
    const big = randomBytes(7 * PART + 123);
    cache(turbo, { 'model.bin': big, 'vocabulary/en.txt': 'a b c', 'empty.txt': '' });
    server.gate = async () => {
      expect(existsSync(join(folder, 'turbo'))).toBe(false);
    };
    await fetchAll();
    expect(read('turbo/model.bin').equals(big)).toBe(true);
    expect(read('turbo/vocabulary/en.txt').toString()).toBe('a b c');
    expect(read('turbo/empty.txt')).toHaveLength(0);
    expect(requestsFor('model.bin')).toHaveLength(8);
    expect(readdirSync(join(folder, 'turbo')).sort()).toEqual(['empty.txt', 'model.bin', 'vocabulary']);
    expect(names()).toEqual(['.store', 'turbo']);
  });

  it('does not fetch or read existing files', async () => {
    cache(turbo, { 'model.bin': 'old' });
    await fetchAll();
    await fetchAll();
    expect(requestsFor('model.bin')).toHaveLength(1);
    expect(lines.at(-1)).toMatchObject({ bytes: 0, models: 1 });
  });

  it.each([
    ['was changed on the disk', () => writeFileSync(join(folder, 'turbo/model.bin'), 'cut')],
    ['has another time', () => utimesSync(join(folder, 'turbo/model.bin'), 1, 1)],
    ['is gone', () => rmSync(join(folder, 'turbo/model.bin'))],
    ['lost its mark', () => rmSync(join(folder, '.store/turbo/1.json'))],
  ])('fetches again a model that %s', async (_, spoil) => {
    cache(turbo, { 'model.bin': 'good' });
    await fetchAll();
    spoil();
    await fetchAll();
    expect(read('turbo/model.bin').toString()).toBe('good');
    expect(requestsFor('model.bin')).toHaveLength(2);
  });

  it('does not use files written before a restart of the machine', async () => {
    cache(turbo, { 'model.bin': 'good' });
    await fetchAll(undefined, { disk: new ModelDisk(folder, 'first') });
    await fetchAll(undefined, { disk: new ModelDisk(folder, 'second') });
    expect(requestsFor('model.bin')).toHaveLength(2);
  });

  it('continues an interrupted fetch with the missing parts', async () => {
    const big = randomBytes(20 * PART);
    cache(turbo, { 'model.bin': big });
    // It fails after five attempts; the other parts have arrived meanwhile.
    server.breaks = (request) => request.includes(' 3000-');
    await expect(fetchAll()).rejects.toThrow();
    const before = requestsFor('model.bin').length;
    expect(existsSync(join(folder, 'turbo'))).toBe(false);
    server.breaks = () => false;
    await fetchAll();
    expect(read('turbo/model.bin').equals(big)).toBe(true);
    expect(requestsFor('model.bin').length - before).toBeLessThan(10);
  });

  it.each([
    ['after it had got its name', 'model.bin', 0],
    ['after it was thrown away', undefined, 3],
  ])('continues a fetch that was killed before its journal entry: %s', async (_, name, requests) => {
    const big = randomBytes(3 * PART);
    const other = randomBytes(PART + 1);
    cache(turbo, { 'model.bin': big, 'other.bin': other });
    const key = MODEL_KEY.file(turbo, 'other.bin');
    server.objects.set(key, randomBytes(PART + 1));
    await expect(fetchAll()).rejects.toThrow('turbo/other.bin has the sha256');
    server.objects.set(key, other);
    const building = join(folder, '.store/turbo/1.building');
    const noted = JSON.parse(readFileSync(join(building, '.journal.json'), 'utf8')) as {
      files: Record<string, unknown>;
    };
    expect(noted.files).toEqual({ 'model.bin': 'whole' });
    noted.files['model.bin'] = [0, 1, 2];
    writeFileSync(join(building, '.journal.json'), JSON.stringify(noted));
    if (name === undefined) rmSync(join(building, 'model.bin'));
    server.requests.length = 0;
    await fetchAll();
    expect(requestsFor('model.bin')).toHaveLength(requests);
    expect(read('turbo/model.bin').equals(big)).toBe(true);
    expect(read('turbo/other.bin').equals(other)).toBe(true);
  });

  it('lets concurrent tasks start at once if all models are complete', async () => {
    const second = { name: 'second', revision: '1', required: false };
    cache(turbo, { 'model.bin': 'x' });
    cache(second, { 'model.bin': 'y' });
    await fetchAll([{ ...turbo, required: true }, second]);
    for (let round = 0; round < 20; round++) {
      rmSync(join(folder, 'turbo'), { force: true });
      await Promise.all(Array.from({ length: 6 }, () => fetchAll()));
      expect(read('turbo/model.bin').toString()).toBe('x');
    }
    const gone = { ...second, revision: '2' };
    await Promise.all(Array.from({ length: 6 }, () => fetchAll([{ ...turbo, required: true }, gone])));
    expect(names()).toEqual(['.store', 'turbo']);
    expect(readdirSync(join(folder, '.store')).sort()).toEqual(['second', 'turbo']);
  });

  it('retries a failed part', async () => {
    const big = randomBytes(3 * PART);
    cache(turbo, { 'model.bin': big });
    let times = 0;
    server.breaks = (request) => request.includes(' 1000-') && times++ === 0;
    await fetchAll();
    expect(read('turbo/model.bin').equals(big)).toBe(true);
    expect(requestsFor('model.bin')).toHaveLength(4);
  });

  it('does not ask again for a file that was changed in the cache meanwhile', async () => {
    cache(turbo, { 'model.bin': randomBytes(40 * PART) });
    server.gate = async () => {
      server.objects.set(MODEL_KEY.file(turbo, 'model.bin'), randomBytes(40 * PART));
    };
    await expect(fetchAll()).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringContaining('model.bin changed in the cache during the fetch'),
    });
    expect(requestsFor('model.bin').length).toBeLessThan(40);
  });

  it('reports an invalid file in the cache, and does not keep it', async () => {
    cache(turbo, { 'config.json': '{}', 'model.bin': randomBytes(3 * PART) });
    const key = MODEL_KEY.file(turbo, 'model.bin');
    const wrong = Buffer.from(server.objects.get(key)!);
    wrong[1500]! ^= 1;
    server.objects.set(key, wrong);
    await expect(fetchAll()).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringMatching(/^The model file turbo\/model.bin has the sha256 [0-9a-f]{64}, not /),
    });
    expect(existsSync(join(folder, 'turbo'))).toBe(false);
    expect(readdirSync(join(folder, '.store/turbo/1.building')).sort()).toEqual([
      '.journal.json',
      'config.json',
    ]);
    cache(turbo, { 'config.json': '{}', 'model.bin': 'mended' });
    await fetchAll();
    expect(read('turbo/model.bin').toString()).toBe('mended');
  });

  it.each([
    ['is missing', () => server.objects.delete(MODEL_KEY.file(turbo, 'model.bin')), 'is missing'],
    [
      'was cut',
      () => server.objects.set(MODEL_KEY.file(turbo, 'model.bin'), Buffer.from('x')),
      'has 1 bytes instead of 5',
    ],
    [
      'has a broken manifest',
      () => server.objects.set(MODEL_KEY.manifest(turbo), Buffer.from('{}')),
      'manifest.json cannot be read',
    ],
    [
      'leads out of its folder',
      () => {
        cache(turbo, { 'model.bin': 'x' });
        const key = MODEL_KEY.manifest(turbo);
        const text = server.objects.get(key)!.toString().replace('model.bin', '../../cron.d/x');
        server.objects.set(key, Buffer.from(text));
      },
      'must be a plain path',
    ],
  ])('reports a file in the cache that %s, before fetching any', async (_, spoil, message) => {
    cache(turbo, { 'model.bin': 'whole' });
    spoil();
    await expect(fetchAll()).rejects.toThrow(message);
    expect(requestsFor('model.bin')).toHaveLength(0);
  });

  it('refuses to start without a required model, and says how to push it', async () => {
    await expect(fetchAll()).rejects.toThrow(
      'The model at s3://models/models/turbo/1/ is missing or incomplete: it has no manifest. Run "spotscribe models push turbo"',
    );
  });

  it('continues without an optional model, and logs a warning', async () => {
    const speakers = { name: 'diarization', revision: '1', required: false };
    cache(turbo, { 'model.bin': 'x' });
    cache(speakers, { 'config.yaml': 'x' });
    await fetchAll([{ ...turbo, required: true }, speakers]);
    expect(existsSync(join(folder, 'diarization/config.yaml'))).toBe(true);
    // Another revision is wanted than the one on the disk.
    await fetchAll([
      { ...turbo, required: true },
      { ...speakers, revision: '2' },
    ]);
    expect(names()).toEqual(['.store', 'turbo']);
    expect(lines).toContainEqual(
      expect.objectContaining({ model: 'diarization', msg: expect.stringContaining('not in the cache') }),
    );
  });

  it('replaces an old revision with a new one atomically', async () => {
    cache(turbo, { 'model.bin': 'first' });
    await fetchAll();
    const next = { ...turbo, revision: '2' };
    cache(next, { 'model.bin': 'second' });
    server.gate = async () => expect(read('turbo/model.bin').toString()).toBe('first');
    await fetchAll([{ ...next, required: true }]);
    expect(read('turbo/model.bin').toString()).toBe('second');
  });

  it('fetches once when two tasks start at the same time', async () => {
    const big = randomBytes(5 * PART);
    cache(turbo, { 'model.bin': big });
    await Promise.all([fetchAll(), fetchAll()]);
    expect(requestsFor('model.bin')).toHaveLength(5);
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'another task is fetching: waiting for it' }),
    );
    expect(names()).toEqual(['.store', 'turbo']);
  });

  it('takes over from a task that died, and only one of several tasks does', async () => {
    cache(turbo, { 'model.bin': 'x' });
    const lock = join(folder, '.lock');
    for (let round = 1; round <= 2; round++) {
      rmSync(join(folder, '.store'), { recursive: true, force: true });
      writeFileSync(lock, 'the dead');
      utimesSync(lock, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
      await Promise.all(Array.from({ length: 6 }, () => fetchAll()));
      expect(existsSync(join(folder, 'turbo/model.bin'))).toBe(true);
      expect(requestsFor('model.bin')).toHaveLength(round);
      expect(names()).toEqual(['.store', 'turbo']);
    }
  });

  it('reports before fetching that the disk is too small, with needed and free space', async () => {
    cache(turbo, { 'model.bin': randomBytes(PART) });
    await expect(fetchAll(undefined, { disk: new FullDisk([100_000_000]) })).rejects.toThrow(
      /^The disk for models is full: 0.0 GB of 0.0 GB must be fetched, 0.5 GB must stay free, and 0.1 GB are free\./,
    );
    expect(requestsFor('model.bin')).toHaveLength(0);
  });

  it('frees space by removing models that are no longer wanted', async () => {
    cache({ name: 'large', revision: '1' }, { 'model.bin': 'large' });
    await fetchAll([{ name: 'large', revision: '1', required: true }]);
    cache(turbo, { 'model.bin': 'turbo' });
    await fetchAll(undefined, { disk: new FullDisk([0, 1e12]) });
    expect(readdirSync(join(folder, '.store/large'))).toEqual([]);
    expect(read('turbo/model.bin').toString()).toBe('turbo');
    expect(lines).toContainEqual(expect.objectContaining({ swept: ['large@1'] }));
  });

  it('fetches nothing for engines that have their own models', async () => {
    await fetchAll([]);
    expect(lines).toEqual([expect.objectContaining({ msg: expect.stringContaining('nothing to fetch') })]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the mark for services that wait', () => {
  const wanted = [{ ...turbo, required: true }];
  const fetchId = () => ModelsMark.parse(JSON.parse(read(marks()[0] ?? 'no mark').toString())).fetch;

  it('appears when all models have their names, and is of this boot', async () => {
    const second = { name: 'second', revision: '1', required: false };
    cache(turbo, { 'model.bin': 'x' });
    cache(second, { 'model.bin': 'y' });
    server.gate = async () => expect(marks()).toEqual([]);
    await fetchAll([...wanted, second], { disk: new ModelDisk(folder, 'this boot') });
    expect(names()).toEqual(['.store', 'second', 'turbo']);
    expect(marks()).toEqual([modelsMark([...wanted, second])]);
    expect(JSON.parse(read(marks()[0]!).toString())).toMatchObject({ boot: 'this boot' });
    expect(readdirSync(join(folder, '.store')).sort()).toEqual(['second', 'turbo']);
  });

  it('does not appear when a fetch fails, and an earlier one is gone', async () => {
    cache(turbo, { 'model.bin': 'first' });
    await fetchAll(wanted);
    expect(marks()).toHaveLength(1);
    server.objects.clear();
    await expect(fetchAll(wanted)).rejects.toThrow('is missing or incomplete');
    expect(marks()).toEqual([]);
  });

  it('is gone while another set of models, or the same one, is fetched again', async () => {
    const other = [{ ...turbo, revision: '2', required: true }];
    cache(turbo, { 'model.bin': 'first' });
    cache(other[0]!, { 'model.bin': 'second' });
    await fetchAll(wanted);
    const first = fetchId();
    await fetchAll(other);
    expect(marks()).toEqual([modelsMark(other)]);
    server.gate = async () => expect(marks()).toEqual([]);
    await fetchAll(wanted);
    expect(marks()).toEqual([modelsMark(wanted)]);
    const again = fetchId();
    expect(again).not.toBe(first);
    await fetchAll(wanted);
    expect(fetchId()).not.toBe(again);
  });
});
