import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { listModels, type WantedModels } from '../../docker/worker/src/model-cache';

const s3 = mockClient(S3Client);
const list = async (wanted: WantedModels = { whisper: 'turbo' }) =>
  (await listModels(new S3Client(), 'models', wanted)).map(({ path }) => path);

/** A cache with these keys. */
function holding(...keys: string[]) {
  s3.on(ListObjectsV2Command).callsFake(({ Prefix }: { Prefix: string }) => ({
    Contents: keys.filter((Key) => Key.startsWith(Prefix)).map((Key) => ({ Key, Size: 1, ETag: '"e"' })),
  }));
}

beforeEach(() => s3.reset());

describe('the models to fetch', () => {
  it('are the one that is set, all aligners, and the one that tells speakers apart', async () => {
    holding(
      'models/turbo/model.bin',
      'models/turbo-2/model.bin',
      'models/align-de/model.safetensors',
      'models/align-en/model.safetensors',
      'models/diarization/',
      'models/diarization/config.yaml',
      'models/diarization/embedding/pytorch_model.bin',
      'models/diarization-2/config.yaml',
    );
    expect(await list()).toEqual([
      'turbo/model.bin',
      'align-de/model.safetensors',
      'align-en/model.safetensors',
      'diarization/config.yaml',
      'diarization/embedding/pytorch_model.bin',
    ]);
  });

  it('need neither an aligner nor the one that tells speakers apart', async () => {
    holding('models/turbo/model.bin');
    expect(await list()).toEqual(['turbo/model.bin']);
  });

  it('need the one that is set', async () => {
    holding('models/diarization/config.yaml');
    await expect(list()).rejects.toMatchObject({ code: 'model_missing' });
  });

  it('are Voxtral’s alone where nothing else is wanted, without the copy of its weights that nobody reads', async () => {
    holding(
      'models/Voxtral/config.json',
      'models/Voxtral/consolidated.safetensors',
      'models/Voxtral/model-00001-of-00002.safetensors',
      'models/align-en/model.safetensors',
      'models/diarization/config.yaml',
      'models/turbo/model.bin',
    );
    const voxtral = ['Voxtral/config.json', 'Voxtral/model-00001-of-00002.safetensors'];
    expect(await list({ voxtral: 'Voxtral' })).toEqual(voxtral);
    expect(await list({ whisper: 'turbo', voxtral: 'Voxtral' })).toEqual([
      'turbo/model.bin',
      ...voxtral,
      'align-en/model.safetensors',
      'diarization/config.yaml',
    ]);
  });

  it('need each of the two that are set', async () => {
    holding('models/turbo/model.bin');
    await expect(list({ whisper: 'turbo', voxtral: 'Voxtral' })).rejects.toThrow(
      'There is no model under s3://models/models/Voxtral/.',
    );
  });

  it.each(['models/diarization/../turbo/model.bin', 'models/diarization/.cache/x', 'models/diarization//x'])(
    'are refused with the key %s',
    async (key) => {
      holding('models/turbo/model.bin', key);
      await expect(list()).rejects.toThrow('is no plain file of a model');
    },
  );
});
