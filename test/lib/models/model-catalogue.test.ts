import { defaultSettings } from '../../../lib/settings';
import { CATALOGUE, catalogueModel, modelVersion, parseCatalogue } from '../../../lib/models/model-catalogue';
import figures from '../../../lib/machine/model-figures.json';
import { voxtralModels } from '../../../lib/machine/voxtral-service';
import { whisperModels } from '../../../lib/machine/whisper-service';

const COMMIT = /^[0-9a-f]{40}$/;

describe('the catalogue of models', () => {
  test('names each model once', () => {
    const names = CATALOGUE.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('holds every model that the default settings name, and every one whose needs for memory are known', () => {
    const settings = defaultSettings();
    for (const { name, revision } of [...whisperModels(settings), ...voxtralModels(settings)]) {
      expect(catalogueModel(name)?.revision).toBe(revision);
    }
    for (const name of Object.keys(figures.whisper))
      expect(catalogueModel(name)?.stage).toBe('transcription');
  });

  test('pins what is brought by default to a commit, with the SHA-256 of each file', () => {
    const settings = defaultSettings();
    for (const { name } of [...whisperModels(settings), ...voxtralModels(settings)]) {
      const { revision, files } = catalogueModel(name)!;
      expect(revision).toMatch(COMMIT);
      expect(files?.map(({ size, sha256 }) => typeof size + typeof sha256)).toEqual(
        files?.map(() => 'numberstring'),
      );
    }
  });

  test('gives every language’s aligner the name that the whisper service looks for', () => {
    for (const { name, stage } of CATALOGUE) {
      expect(stage === 'alignment').toBe(/^align-[a-z]{2}$/.test(name));
    }
  });

  test('marks the models whose makers want to know who uses them', () => {
    expect(CATALOGUE.filter(({ gated }) => gated).map(({ name }) => name)).toEqual(['diarization']);
  });

  test('leaves out the second copy of Voxtral’s weights', () => {
    const files = catalogueModel('Voxtral-Mini-3B-2507')?.files?.map(({ path }) => path);
    expect(files).not.toContain('consolidated.safetensors');
  });

  test.each([
    ['a path that leads out', { files: [{ path: '../x', size: 1, sha256: null }] }],
    ['a hash that is none', { files: [{ path: 'x', size: 1, sha256: 'abc' }] }],
    ['no licence', { license: '' }],
    ['a revision that is no folder', { revision: 'refs/pr/1' }],
    ['what it does not know', { mirror: 'x' }],
  ])('is refused with %s', (_, change) => {
    const model = { ...CATALOGUE[0], ...change };
    expect(() => parseCatalogue({ version: 1, models: [model] })).toThrow();
  });
});

describe('a model’s name', () => {
  test('stands for the catalogue’s revision, or for the one given', () => {
    expect(modelVersion('model', 'tiny').revision).toMatch(COMMIT);
    expect(modelVersion('model', 'tiny@7')).toEqual({ name: 'tiny', revision: '7' });
    expect(modelVersion('model', 'own@7')).toEqual({ name: 'own', revision: '7' });
  });

  test('that is unknown is refused with the cure', () => {
    expect(() => modelVersion('model', 'own')).toThrow(
      /Setting "model" must name a model of the catalogue \(large-v3-turbo, .*models push own --from <folder> --revision 1", and set model to own@1\./,
    );
  });

  test('is of no matter to engines that bring their own', () => {
    const own = defaultSettings({ engine: 'pocketsphinx', voxtralEngine: 'extractive', model: 'own' });
    expect([...whisperModels(own), ...voxtralModels(own)]).toEqual([]);
  });
});
