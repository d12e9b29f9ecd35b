import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchModels } from '../../../docker/worker/src/fetch-models';
import { createLog } from '../../../docker/worker/src/log';
import type { ModelFetchSettings } from '../../../docker/worker/src/settings';
import { WorkerAws } from './worker-aws';

jest.setTimeout(60_000);

const big = randomBytes((64 << 20) + 1234);
let aws: WorkerAws;
let folder: string;
let model: string;
let lines: { fetched?: number; msg: string }[];

beforeAll(async () => {
  aws = await WorkerAws.start();
});
afterAll(() => aws?.stop());

let count = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-'));
  model = `turbo-${count++}`;
  lines = [];
});
afterEach(async () => {
  for (const key of await aws.keys('models/')) await aws.remove(key);
  rmSync(folder, { recursive: true, force: true });
});

const put = (path: string, content: Buffer | string) => aws.put(`models/${path}`, content);
const fetchAll = (engines: Partial<ModelFetchSettings> = { whisperEngine: 'whisperx' }) =>
  fetchModels(
    {
      modelBucket: aws.bucket,
      modelDir: folder,
      whisperModel: model,
      voxtralModel: `${model}-listens`,
      ...engines,
    },
    aws.mine().s3,
    createLog({ write: (line) => void lines.push(JSON.parse(line) as { msg: string }) }),
  );
const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

describe('fetching models', () => {
  it('brings the model, all aligners and the speakers’ model, large files in parts, and no other models', async () => {
    await put(`${model}/model.bin`, big);
    await put(`${model}/vocabulary/en.txt`, 'a b c');
    await put(`${model}/empty.txt`, Buffer.alloc(0));
    await put('align-en/model.safetensors', 'aligner');
    await put('diarization/segmentation/pytorch_model.bin', 'who');
    await put('diarization-of-old/config.yaml', 'other');
    await put('other/model.bin', 'other');
    await fetchAll();
    expect(readFileSync(join(folder, model, 'model.bin')).equals(big)).toBe(true);
    expect(readFileSync(join(folder, model, 'vocabulary/en.txt'), 'utf8')).toBe('a b c');
    expect(statSync(join(folder, model, 'empty.txt')).size).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['.fetched.json', 'align-en', 'diarization', model]);
    expect(readFileSync(join(folder, 'diarization/segmentation/pytorch_model.bin'), 'utf8')).toBe('who');
    expect(readdirSync(join(folder, model)).sort()).toEqual(['empty.txt', 'model.bin', 'vocabulary']);
  });

  it('does not fetch again what is there, but what is damaged or was replaced', async () => {
    await Promise.all(['a', 'b', 'c'].map((name) => put(`${model}/${name}`, `old ${name}`)));
    await fetchAll();
    await fetchAll();
    writeFileSync(join(folder, model, 'b'), 'cut');
    await put(`${model}/c`, 'new c');
    await fetchAll();
    expect(lines.map(({ fetched }) => fetched)).toEqual([3, 0, 2]);
    expect(['a', 'b', 'c'].map((name) => readFileSync(join(folder, model, name), 'utf8'))).toEqual([
      'old a',
      'old b',
      'new c',
    ]);
  });

  it('checks the files against the checksums that come with a model, and names the wrong one', async () => {
    await put(`${model}/config.json`, '{}');
    await put(`${model}/model.bin`, 'good');
    await put(`${model}/SHA256SUMS`, `${sha256('{}')}  config.json\n${sha256('good')} *./model.bin\n`);
    await fetchAll();
    await put(`${model}/model.bin`, 'evil');
    await expect(fetchAll()).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringMatching(
        `^The model file ${model}/model.bin has the sha256 ${sha256('evil')}, not`,
      ),
    });
    // What was there and whole stays; of the wrong one nothing is left.
    expect(readFileSync(join(folder, model, 'model.bin'), 'utf8')).toBe('good');
    expect(readdirSync(join(folder, model)).sort()).toEqual(['SHA256SUMS', 'config.json', 'model.bin']);
  });

  it('checks the model that tells speakers apart like any other', async () => {
    await put(`${model}/model.bin`, 'good');
    await put('diarization/config.yaml', 'evil');
    await put('diarization/SHA256SUMS', `${sha256('good')}  config.yaml\n`);
    await expect(fetchAll()).rejects.toThrow('The model file diarization/config.yaml has the sha256');
  });

  it('misses a file that the checksums name', async () => {
    await put(`${model}/SHA256SUMS`, `${sha256('x')}  model.bin\n`);
    await expect(fetchAll()).rejects.toThrow(`The model file ${model}/model.bin is named in SHA256SUMS but`);
  });

  it('says where a model is missing', async () => {
    await expect(fetchAll()).rejects.toThrow(`There is no model under s3://media/models/${model}/.`);
  });

  it('refuses a key that leads out of the directory', async () => {
    await put(`${model}/a`, 'a');
    await put('align-en/../../../etc/cron.d/x', 'evil').catch(() => put('align-en/.hidden', 'evil'));
    await expect(fetchAll()).rejects.toThrow(/which is no plain file of a model’s folder|no plain file/);
  });

  it('brings Voxtral without the second copy of its weights, though the checksums name it', async () => {
    const weights = `${model}-listens`;
    await put(`${weights}/model-00001-of-00001.safetensors`, 'weights');
    await put(`${weights}/consolidated.safetensors`, 'the same weights');
    await put(
      `${weights}/SHA256SUMS`,
      `${sha256('the same weights')}  consolidated.safetensors\n${sha256('weights')}  model-00001-of-00001.safetensors\n`,
    );
    await put('align-en/model.safetensors', 'aligner');
    await fetchAll({ voxtralEngine: 'voxtral' });
    expect(readdirSync(folder).sort()).toEqual(['.fetched.json', weights]);
    expect(readdirSync(join(folder, weights)).sort()).toEqual([
      'SHA256SUMS',
      'model-00001-of-00001.safetensors',
    ]);
  });

  it('brings both models where a path has both', async () => {
    await put(`${model}/model.bin`, 'whisper');
    await put(`${model}-listens/config.json`, '{}');
    await fetchAll({ whisperEngine: 'whisperx', voxtralEngine: 'voxtral' });
    expect(readdirSync(folder).sort()).toEqual(['.fetched.json', model, `${model}-listens`]);
  });

  it('fetches nothing for engines that bring their own models', async () => {
    await fetchAll({ whisperEngine: 'pocketsphinx', voxtralEngine: 'extractive' });
    expect(lines).toEqual([expect.objectContaining({ msg: expect.stringContaining('nothing to fetch') })]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
