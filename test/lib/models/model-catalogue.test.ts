import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings } from '../../../lib/settings';
import {
  CATALOGUE,
  catalogueModel,
  isFromWheel,
  modelVersion,
  PACKAGED,
  parseCatalogue,
  type WheelModel,
} from '../../../lib/models/model-catalogue';
import { PACKAGED_FILE, packagedModels } from '../../../scripts/packaged-models';
import figures from '../../../core/models/model-figures.json';
import { modelsOf, SERVICES } from '../../../lib/services';

const COMMIT = /^[0-9a-f]{40}$/;
const PINNED = { size: expect.any(Number), sha256: expect.any(String) };

/** No published source gives the hashes of its files; the hub's listing at the commit has those of the weights. */
const HASHED_BY_HUB = 'instructor-xl';

describe('the catalogue of models', () => {
  test('contains each model once', () => {
    const names = CATALOGUE.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('contains every model of the default settings, and every one with known memory requirements', () => {
    const settings = defaultSettings();
    for (const { name, revision } of modelsOf(Object.values(SERVICES), settings)) {
      expect(catalogueModel(name)?.revision).toBe(revision);
    }
    for (const name of Object.keys(figures.whisper))
      expect(catalogueModel(name)?.stage).toBe('transcription');
    for (const name of Object.keys(figures.embedding)) expect(catalogueModel(name)?.stage).toBe('embedding');
    for (const name of Object.keys(figures.speech)) expect(catalogueModel(name)?.stage).toBe('speech');
  });

  test('pins default models to a commit, with the SHA-256 of each file', () => {
    const settings = defaultSettings();
    for (const { name } of modelsOf(Object.values(SERVICES), settings)) {
      const model = catalogueModel(name)!;
      const { revision, files } = model;
      if (isFromWheel(model)) {
        expect(revision).toBe(model.source.version);
        continue;
      }
      expect(revision).toMatch(COMMIT);
      if (name === HASHED_BY_HUB) expect(files).toBeNull();
      else for (const file of files!) expect(file).toEqual({ path: file.path, ...PINNED });
    }
  });

  test('names every language’s aligner as the whisper service expects', () => {
    for (const { name, stage } of CATALOGUE) {
      expect(stage === 'alignment').toBe(/^align-[a-z]{2}$/.test(name));
    }
  });

  test('marks the models that require a token', () => {
    expect(CATALOGUE.filter(({ gated }) => gated).map(({ name }) => name)).toEqual(['diarization']);
  });

  test('has Kokoro’s English voices, each a table of 510 styles of 256 numbers', () => {
    const { files } = catalogueModel('kokoro-82m')!;
    const voices = files!.filter(({ path }) => path.startsWith('voices/'));
    expect(voices).toHaveLength(28);
    for (const { path, size } of voices) {
      expect(path).toMatch(/^voices\/[ab][fm]_[a-z]+\.bin$/);
      expect(size).toBe(510 * 256 * 4);
    }
    expect(new Set(voices.map(({ sha256 }) => sha256)).size).toBe(28);
  });

  test('excludes the second copy of Voxtral’s weights', () => {
    const files = catalogueModel('Voxtral-Mini-3B-2507')?.files?.map(({ path }) => path);
    expect(files).not.toContain('consolidated.safetensors');
  });

  test.each([
    ['a path that leads out', { files: [{ path: '../x', size: 1, sha256: null }] }],
    ['a hash that is none', { files: [{ path: 'x', size: 1, sha256: 'abc' }] }],
    ['no licence', { license: '' }],
    ['a revision that is no folder', { revision: 'refs/pr/1' }],
    ['an unknown field', { mirror: 'x' }],
  ])('is refused with %s', (_, change) => {
    const model = { ...CATALOGUE[0], ...change };
    expect(() => parseCatalogue({ version: 1, models: [model] })).toThrow();
  });

  const packed = catalogueModel('diarization-open') as WheelModel;
  test.each([
    ['no SHA-256 of the wheel', { source: { ...packed.source, sha256: undefined } }],
    ['a file without its place in the wheel', { files: [{ ...packed.files[0], inside: undefined }] }],
    ['a file without a SHA-256', { files: [{ ...packed.files[0], sha256: null }] }],
    ['a place outside the wheel', { files: [{ ...packed.files[0], inside: '../x' }] }],
    ['files that nobody lists', { files: null }],
    ['an option as the package’s name', { source: { ...packed.source, package: '--index-url' } }],
  ])('is refused with a wheel and %s', (_, change) => {
    expect(parseCatalogue({ version: 1, models: [packed] })).toHaveLength(1);
    expect(() => parseCatalogue({ version: 1, models: [{ ...packed, ...change }] })).toThrow();
  });
});

describe('the models that come in packages', () => {
  test('are those that the services read', () => {
    // Written by `npm run packaged-models`.
    expect(readFileSync(PACKAGED_FILE, 'utf8')).toBe(packagedModels());
  });

  test.each([
    ['tiny.en', 'whisper/requirements.laptop.txt'],
    ['diarization-open', 'requirements.weights.txt'],
  ])('are pinned as the requirements pin them: %s', (name, requirements) => {
    const lock = readFileSync(join(__dirname, '../../../docker', requirements), 'utf8');
    const { source, revision } = PACKAGED.find((each) => each.name === name)!;
    expect(revision).toBe(source.version);
    const [, hashes = ''] = lock.split(`${source.package}==${source.version} `);
    expect(hashes.split('==')[0]).toContain(source.sha256);
  });
});

describe('a model’s name', () => {
  test('resolves to the given revision, or to that of the catalogue', () => {
    expect(modelVersion('model', 'tiny').revision).toMatch(COMMIT);
    expect(modelVersion('model', 'tiny@7')).toEqual({ name: 'tiny', revision: '7' });
    expect(modelVersion('model', 'own@7')).toEqual({ name: 'own', revision: '7' });
  });

  test('that is unknown is rejected with the cure', () => {
    expect(() => modelVersion('model', 'own')).toThrow(
      /Setting "model" must name a model of the catalogue \(large-v3-turbo, .*models push own --from <folder> --revision 1" and set model to own@1\./,
    );
  });

  test('is ignored for engines that contain their model', () => {
    const own = defaultSettings({
      engine: 'faster-whisper',
      voxtralEngine: 'extractive',
      embeddingEngine: 'minilm',
      speechEngine: 'espeak-ng',
      model: 'own',
    });
    expect(modelsOf(Object.values(SERVICES), own)).toEqual([]);
  });
});
