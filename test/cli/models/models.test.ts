import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stateOf } from '../../../cli/models/bucket-models';
import { downloadModel } from '../../../cli/models/download-model';
import { filesToKeep } from '../../../cli/models/files-to-keep';
import { fillModels } from '../../../cli/models/fill';
import { Hub } from '../../../cli/models/hub';
import { pushFolder } from '../../../cli/models/push-folder';
import { MODEL_KEY } from '../../../core/models/model-layout';
import { parseManifest } from '../../../core/models/model-manifest';
import { catalogueModel, type HubModel } from '../../../lib/models/model-catalogue';
import { until } from '../../until';
import { ObjectServer } from '../../support/object-server';
import { HubServer } from '../hub-server';
import { callCli } from '../run-cli';

const hub = new HubServer();
const store = new ObjectServer();
const aws = {
  AWS_ENDPOINT_URL: '',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
};
const before = { ...process.env };
let folder: string;

beforeAll(async () => {
  await Promise.all([hub.start(), store.start()]);
  Object.assign(process.env, aws, { AWS_ENDPOINT_URL: store.url });
});
afterAll(async () => {
  process.env = before;
  await Promise.all([hub.stop(), store.stop()]);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-cli-'));
  for (const map of [hub.files, store.objects, store.uploads, store.hashes]) map.clear();
  hub.gated.clear();
  hub.requests.length = hub.authorizations.length = store.requests.length = 0;
  store.breaks = () => false;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
const models = (...args: string[]) => callCli(['models', ...args, '--bucket', 'models', '--json']);
const json = ({ out }: { out: string }) => JSON.parse(out) as Record<string, never>;
const upload = () => ({ s3: store.client(), bucket: 'models', partBytes: 5 });
const source = () => new Hub({ retryForMs: 5000 }, hub.url);

function ownFolder(files: Record<string, Buffer | string>): string {
  const own = join(folder, 'own');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(own, path, '..'), { recursive: true });
    writeFileSync(join(own, path), content);
  }
  return own;
}

const model = (files: HubModel['files'], revision = 'a'.repeat(40)): HubModel => ({
  name: 'small',
  stage: 'transcription',
  source: 'makers/small',
  revision,
  license: 'MIT',
  gated: false,
  files,
});

describe('an own model', () => {
  test('is pushed with a manifest, listed and verified', async () => {
    const own = ownFolder({ 'model.bin': 'weights', 'sub/vocab.txt': 'a b', '.cache/x': 'hidden' });
    const pushed = await models('push', 'mine', '--from', own, '--revision', '1', '--license', 'MIT');
    expect(pushed.err).toContain('mine@1: pushed; use mine@1 in the settings');
    expect(pushed.code).toBe(0);
    const key = MODEL_KEY.manifest({ name: 'mine', revision: '1' });
    expect(parseManifest(store.objects.get(key)!.toString())).toMatchObject({
      name: 'mine',
      revision: '1',
      license: 'MIT',
      source: null,
      files: [
        { path: 'model.bin', size: 7, sha256: sha256('weights') },
        { path: 'sub/vocab.txt', size: 3, sha256: sha256('a b') },
      ],
    });
    expect(store.objects.size).toBe(3);
    expect(json(await models('list')).data).toContainEqual(
      expect.objectContaining({ name: 'mine', state: 'present', size: 10, license: 'MIT' }),
    );
    expect(await models('verify', 'mine@1')).toMatchObject({ code: 0 });
  });

  test('is not replaced under the same revision without --force', async () => {
    const own = ownFolder({ 'model.bin': 'weights' });
    const args = ['push', 'mine', '--from', own, '--revision', '1'];
    await models(...args);
    writeFileSync(join(own, 'model.bin'), 'others');
    expect(await models(...args)).toMatchObject({
      code: 2,
      err: expect.stringContaining('already has mine@1'),
    });
    expect(await models(...args, '--force')).toMatchObject({ code: 0 });
    expect(store.objects.get('models/mine/1/model.bin')?.toString()).toBe('others');
  });

  test.each([
    ['.', 'a folder'],
    ['nowhere', 'nothing'],
  ])('follows links to files, but refuses a link to "%s" (%s)', async (target) => {
    const own = ownFolder({ 'model.bin': 'weights' });
    symlinkSync('model.bin', join(own, 'again.bin'));
    const args = ['push', 'mine', '--from', own, '--revision', '1'];
    expect(await models(...args)).toMatchObject({ code: 0 });
    expect(store.objects.get('models/mine/1/again.bin')?.toString()).toBe('weights');
    symlinkSync(target, join(own, 'wrong'));
    expect(await models(...args, '--force')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is neither a file nor a link to a file'),
    });
  });

  test.each([
    [['push', '--from', '.'], 'name exactly one model'],
    [['push', 'mine', '--from', '.'], 'set --revision'],
    [['push', 'a/b', '--from', '.', '--revision', '1'], 'plain folder name'],
    [['push', 'mine', '--from', '/nonexistent', '--revision', '1'], 'Cannot read the folder'],
    [['push', 'mine'], 'The catalogue has no model "mine". It has large-v3-turbo, '],
    [['verify', 'mine'], 'Its name is then mine@1'],
    [['push', 'tiny', '--revision', '1'], 'set its folder with --from'],
    [['push', 'tiny@7'], 'does not have tiny@7'],
  ])('is refused with a remedy: %j', async (args, message) => {
    expect(await models(...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});

describe('an upload', () => {
  const version = { name: 'big', revision: '1' };
  const provenance = { source: null, license: null };

  test('continues with the missing parts after an interruption', async () => {
    const own = ownFolder({ 'model.bin': '0123456789abcdefghij!' });
    store.breaks = (request) => request === 'PUT models/big/1/model.bin 3';
    await expect(pushFolder(upload(), version, own, provenance)).rejects.toThrow();
    expect(store.objects.has(MODEL_KEY.manifest(version))).toBe(false);
    store.breaks = () => false;
    store.requests.length = 0;
    await pushFolder(upload(), version, own, provenance);
    expect(store.objects.get('models/big/1/model.bin')?.toString()).toBe('0123456789abcdefghij!');
    expect(store.requests.filter((request) => request.includes('model.bin'))).toEqual([
      'PUT models/big/1/model.bin 3',
    ]);
    expect(store.objects.has(MODEL_KEY.manifest(version))).toBe(true);
  });

  test('that was started for other content does not leave the other hash on the object', async () => {
    const own = ownFolder({ 'model.bin': '0123456789abcdefghij!' });
    store.breaks = (request) => request.endsWith(' 3');
    await expect(pushFolder(upload(), version, own, provenance)).rejects.toThrow();
    store.breaks = () => false;
    const other = '0123456789abcdefghij?';
    writeFileSync(join(own, 'model.bin'), other);
    await pushFolder(upload(), version, own, provenance);
    expect(store.objects.get('models/big/1/model.bin')?.toString()).toBe(other);
    expect(store.hashes.get('models/big/1/model.bin')).toBe(sha256(other));
  });

  test('that another run has completed is complete', async () => {
    const content = '0123456789abcdefghij!';
    const key = 'models/big/1/model.bin';
    store.breaks = (request) => {
      if (request === `PUT ${key} 3`) {
        store.uploads.clear();
        store.objects.set(key, Buffer.from(content));
      }
      return false;
    };
    await pushFolder(upload(), version, ownFolder({ 'model.bin': content }), provenance);
    expect(store.objects.get(key)?.toString()).toBe(content);
    expect(store.objects.has(MODEL_KEY.manifest(version))).toBe(true);
    expect(store.requests.filter((request) => request === `PUT ${key} 3`)).toHaveLength(1);
  });

  test('skips existing files with the same SHA-256', async () => {
    const own = ownFolder({ a: 'one', b: 'two' });
    await pushFolder(upload(), version, own, provenance);
    store.requests.length = 0;
    await pushFolder(upload(), version, own, provenance);
    expect(store.requests).toEqual(['PUT models/big/1/manifest.json']);
  });
});

describe('a model from the hub', () => {
  test('is downloaded at the pinned commit, with each file checked', async () => {
    hub.files.set('makers/small/model.bin', Buffer.from('weights'));
    hub.files.set('makers/small/empty.txt', Buffer.from(''));
    const pinned = model([
      { path: 'model.bin', size: 7, sha256: sha256('weights') },
      { path: 'empty.txt', size: 0, sha256: sha256('') },
    ]);
    await downloadModel(source(), pinned, folder, () => undefined);
    const commit = 'a'.repeat(40);
    expect(hub.requests).toEqual([`makers/small ${commit} model.bin`, `makers/small ${commit} empty.txt`]);
  });

  test.each([
    [{ size: 7, sha256: sha256('others!') }, 'has the SHA-256'],
    [{ size: 9, sha256: null }, 'has 7 bytes instead of 9'],
  ])('is refused if it differs from the catalogue, and no file is left: %j', async (file, message) => {
    hub.files.set('makers/small/model.bin', Buffer.from('weights'));
    const pinned = model([{ path: 'model.bin', ...file }]);
    await expect(downloadModel(source(), pinned, folder, () => undefined)).rejects.toThrow(message);
    expect(readdirSync(folder, { recursive: true }).join()).not.toContain('model.bin');
  });

  test('does not delete a different file that was there before', async () => {
    const there = join(folder, 'a'.repeat(40), 'model.bin');
    mkdirSync(dirname(there));
    writeFileSync(there, 'mine');
    hub.files.set('makers/small/model.bin', Buffer.from('weights'));
    const pinned = model([{ path: 'model.bin', size: 7, sha256: sha256('weights') }]);
    await expect(downloadModel(source(), pinned, folder, () => undefined)).rejects.toThrow(
      /model\.bin was there already, and has 4 bytes instead of 7: move it away/,
    );
    expect(readFileSync(there, 'utf8')).toBe('mine');
  });

  test('starts again if it is too large, and reads no more than expected', async () => {
    const partial = join(folder, 'a'.repeat(40), 'model.bin.part');
    mkdirSync(dirname(partial));
    writeFileSync(partial, 'far too much');
    hub.files.set('makers/small/model.bin', Buffer.from('weights'));
    const right = model([{ path: 'model.bin', size: 7, sha256: sha256('weights') }]);
    await downloadModel(source(), right, folder, () => undefined);
    hub.files.set('makers/small/other.bin', randomBytes(100_000));
    const lying = model([{ path: 'other.bin', size: 7, sha256: null }]);
    await expect(downloadModel(source(), lying, folder, () => undefined)).rejects.toThrow(
      'more than the 7 bytes',
    );
  });

  test('comes completely from one commit, even after an earlier download of another commit', async () => {
    hub.files.set('makers/small/config.json', Buffer.from('old'));
    await downloadModel(source(), model(null, 'main'), folder, () => undefined);
    const moved = hub.commit;
    hub.commit = 'b'.repeat(40);
    hub.files.set('makers/small/config.json', Buffer.from('new'));
    try {
      const { origin, folder: place } = await downloadModel(
        source(),
        model(null, 'main'),
        folder,
        () => undefined,
      );
      expect(origin.files).toEqual([{ path: 'config.json', size: 3, sha256: sha256('new') }]);
      expect(readFileSync(join(place, 'config.json'), 'utf8')).toBe('new');
    } finally {
      hub.commit = moved;
    }
  });

  test('is refused if its listing leads out of the folder or has no usable files', async () => {
    const commit = hub.commit;
    hub.files.set('makers/small/model.bin', Buffer.from('weights'));
    hub.commit = '../../elsewhere';
    await expect(downloadModel(source(), model(null, 'main'), folder, () => undefined)).rejects.toThrow();
    hub.commit = commit;
    hub.files.clear();
    for (const path of ['../up.json', 'manifest.json', '.hidden.json', 'README.md'])
      hub.files.set(`makers/small/${path}`, Buffer.from('x'));
    await expect(downloadModel(source(), model(null, 'main'), folder, () => undefined)).rejects.toThrow(
      'has no files that a service can use',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('continues where the connection failed', async () => {
    const weights = randomBytes(200_000);
    hub.files.set('makers/small/model.bin', weights);
    hub.breakAfter = 70_000;
    const part = join(folder, 'a'.repeat(40), 'model.bin.part');
    hub.arrived = (bytes) => until(() => existsSync(part) && statSync(part).size >= bytes);
    const pinned = model([{ path: 'model.bin', size: weights.length, sha256: sha256(weights) }]);
    const { origin } = await downloadModel(source(), pinned, folder, () => undefined);
    expect(origin.files).toEqual([{ path: 'model.bin', size: 200_000, sha256: sha256(weights) }]);
    expect(hub.requests[1]).toMatch(/model\.bin 70000-$/);
  });

  test('without a pinned commit is resolved to the current one, and its SHA-256 is recorded', async () => {
    hub.files.set('makers/small/model.bin', Buffer.from('weights'));
    hub.files.set('makers/small/README.md', Buffer.from('#'));
    const { origin } = await downloadModel(source(), model(null, 'main'), folder, () => undefined);
    expect(origin).toEqual({
      source: { repository: 'makers/small', commit: hub.commit },
      license: 'MIT',
      files: [{ path: 'model.bin', size: 7, sha256: sha256('weights') }],
    });
    expect(hub.requests).toEqual([`makers/small ${hub.commit} model.bin`]);
  });

  test('is downloaded from the mirror in the environment, and a refused model does not stop the others', async () => {
    const { source: repository, files } = catalogueModel('diarization') as HubModel;
    hub.gated.add(repository);
    for (const { path } of files!) hub.files.set(`${repository}/${path}`, Buffer.from('x'));
    const env = { HF_ENDPOINT: hub.url };
    const args = ['models', 'push', 'diarization', '--bucket', 'models', '--json', '--cache', folder];
    const without = await callCli(args, env);
    expect(without.code).toBe(1);
    expect(json(without).models).toEqual([
      expect.objectContaining({ state: 'refused', message: expect.stringContaining('No token was given') }),
    ]);
    // With the token it continues to the checksums, which do not match these files.
    const withToken = await callCli(args, { ...env, HF_TOKEN: 'good' });
    expect(withToken.err).toContain('config.yaml of pyannote/speaker-diarization-community-1 at');
    expect(hub.authorizations).toContain('Bearer good');
  });
});

describe('a model in the bucket', () => {
  test('is found invalid by its content, even if its size is correct', async () => {
    await models('push', 'mine', '--from', ownFolder({ a: 'good', b: 'fine' }), '--revision', '1');
    store.objects.set('models/mine/1/a', Buffer.from('evil'));
    store.objects.delete('models/mine/1/b');
    const verified = await models('verify');
    expect(verified.code).toBe(1);
    expect(json(verified).models).toEqual([
      {
        name: 'mine',
        revision: '1',
        faults: [
          { path: 'a', fault: `has the SHA-256 ${sha256('evil')} instead of ${sha256('good')}` },
          { path: 'b', fault: 'is missing' },
        ],
      },
    ]);
  });

  const known = model([{ path: 'a', size: 1, sha256: sha256('1') }]);
  const manifest = (content: string) => ({
    version: 1 as const,
    name: 'small',
    revision: known.revision,
    source: null,
    license: null,
    created_at: '',
    files: [{ path: 'a', size: 1, sha256: sha256(content) }],
  });
  const sized = (size: number) => new Map([[MODEL_KEY.file(known, 'a'), size]]);
  test.each([
    ['missing', stateOf(known, new Map(), undefined, known)],
    ['incomplete', stateOf(known, sized(1), undefined, known)],
    ['incomplete', stateOf(known, sized(2), manifest('1'), known)],
    ['present', stateOf(known, sized(1), manifest('1'), known)],
    ['differs', stateOf(known, sized(1), manifest('2'), known)],
  ])('is %s', (state, found) => expect(found.state).toBe(state));
});

test('keeps one copy of the weights of a repository, and prefers safetensors to pickled checkpoints', () => {
  const listed = (...paths: string[]) => paths.map((path) => ({ path, size: 1, sha256: null }));
  const kept = (...paths: string[]) => filesToKeep(listed(...paths)).map(({ path }) => path);
  expect(
    kept(
      '.gitattributes',
      'README.md',
      'config.json',
      'model.safetensors',
      'pytorch_model.bin',
      'vocab.json',
    ),
  ).toEqual(['config.json', 'model.safetensors', 'vocab.json']);
  expect(kept('config.json', 'pytorch_model.bin', 'language_model/lm.arpa', 'flax_model.msgpack')).toEqual([
    'config.json',
    'pytorch_model.bin',
  ]);
  expect(kept('consolidated.safetensors', 'model-00001-of-00002.safetensors')).toEqual([
    'model-00001-of-00002.safetensors',
  ]);
  const copies = [
    ...['openvino/openvino_model.xml', 'onnx/model.onnx', 'coreml/model/weights.bin', 'rust_model.ot'],
    ...['tf_model.h5', '1_Pooling/note.md', 'assets/1_Pooling/config.json'],
  ];
  const modules = [
    ...['modules.json', 'config_sentence_transformers.json', 'sentence_bert_config.json', 'spiece.model'],
    ...['1_Pooling/config.json', '2_Dense/config.json'],
  ];
  // The layout of instructor-xl, and that of a model with safetensors in each folder.
  const pickled = ['pytorch_model.bin', '2_Dense/pytorch_model.bin'];
  expect(kept(...modules, ...pickled, ...copies)).toEqual([...modules, ...pickled]);
  const safe = ['model.safetensors', '2_Dense/model.safetensors'];
  expect(kept(...modules, ...safe, ...pickled, ...copies)).toEqual([...modules, ...safe]);
  // Safetensors in one folder do not replace the weights of another.
  const half = ['model.safetensors', '2_Dense/pytorch_model.bin'];
  expect(kept(...modules, 'pytorch_model.bin', ...half)).toEqual([...modules, ...half]);
  expect(kept('model.safetensors', '1_Pooling/config.json')).toEqual(['model.safetensors']);
});

describe('the build that fills the bucket', () => {
  const said: string[] = [];
  const run = (wanted: object[], env: Record<string, string> = {}) =>
    fillModels(
      { MODEL_BUCKET: 'models', MODELS: JSON.stringify(wanted), HF_ENDPOINT: hub.url, ...env },
      store.client(),
      (line) => said.push(line),
    );
  const speakers = () => {
    const { name, revision, source: repository } = catalogueModel('diarization') as HubModel;
    hub.gated.add(repository);
    return { name, revision, required: false };
  };
  beforeEach(() => void (said.length = 0));

  test.each([[{}], [{ HF_TOKEN: 'refused' }], [{ HF_TOKEN: ' \n' }]])(
    'leaves a model out that the hub does not give, and does not fail: %j',
    async (env) => {
      expect(await run([speakers()], env)).toBe(0);
      expect(said).toEqual([
        expect.stringMatching(/^diarization@.*: left out: The hub does not give pyannote/),
      ]);
      expect(store.objects.size).toBe(0);
    },
  );

  test('never prints an invalid token, and continues without it', async () => {
    const secret = '{\n  "token": "hf_secret"\n}';
    const { name, revision, source: repository, files } = catalogueModel('diarization') as HubModel;
    for (const { path } of files!) hub.files.set(`${repository}/${path}`, Buffer.from('x'));
    hub.gated.add(repository);
    expect(await run([{ name, revision, required: false }], { HF_TOKEN: secret })).toBe(0);
    expect(said.join('\n')).not.toContain('hf_secret');
    expect(said).toEqual([
      expect.stringContaining('is none: it must be the token alone'),
      expect.stringContaining('left out: The hub does not give'),
    ]);
    const pushed = await callCli(['models', 'push', 'diarization', '--bucket', 'models', '--cache', folder], {
      HF_ENDPOINT: hub.url,
      HF_TOKEN: secret,
    });
    expect(pushed.code).toBe(1);
    expect(pushed.err).toContain('it must be the token alone');
    expect(pushed.err + pushed.out).not.toContain('hf_secret');
  });

  test('fails without a required model, after trying the others', async () => {
    const { name, revision } = catalogueModel('tiny')!;
    expect(await run([{ name, revision, required: true }, speakers()])).toBe(1);
    expect(said).toEqual([expect.stringContaining('tiny@'), expect.stringContaining('left out')]);
  });

  test('skips existing models', async () => {
    await models('push', 'mine', '--from', ownFolder({ a: 'x' }), '--revision', '1');
    expect(await run([{ name: 'mine', revision: '1', required: true }])).toBe(0);
    expect(said).toEqual(['mine@1: present']);
  });
});
