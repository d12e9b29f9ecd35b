import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMachine, readModelFetchSettings, readWorkerSettings } from '../../docker/worker/src/settings';

const WHISPER = { name: 'whisper', url: 'http://whisper:8001', tasks: ['transcription'] };
const env = {
  SPOTSCRIBE_PATH: 'DockerGpu',
  JOBS_TABLE: 'jobs',
  MEDIA_BUCKET: 'media',
  QUEUE_URL: 'http://localhost:4566/1/jobs',
  BULK_QUEUE: 'bulk',
  FLEET_NAME: 'fleet',
  MAX_AUDIO_SECONDS: '36000',
  MAX_UPLOAD_BYTES: '5368709120',
  VISIBILITY_SECONDS: '60',
  IDLE_SECONDS: '300',
  PORT: '8080',
  SERVICES: JSON.stringify([WHISPER]),
  SHARED_AUDIO: '/shared-audio',
  MACHINE_FILE: '/machine.json',
};

const servicesOf = (change: object) => ({ SERVICES: JSON.stringify([{ ...WHISPER, ...change }]) });

describe('the worker’s settings', () => {
  it('are read from the environment', () => {
    expect(readWorkerSettings(env)).toMatchObject({
      idleSeconds: 300,
      maxUploadBytes: 5 * 2 ** 30,
      host: '127.0.0.1',
      services: [WHISPER],
    });
    expect(readWorkerSettings({ ...env, HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
  });

  it.each([
    [{ QUEUE_URL: undefined }, /^QUEUE_URL is not set/],
    [{ BULK_QUEUE: undefined }, /^BULK_QUEUE is not set/],
    [{ SERVICES: 'whisper:8001' }, /^SERVICES must be a list such as .* got "whisper:8001"/],
    [{ SERVICES: undefined }, /^SERVICES is not set/],
    [{ SERVICES: '[]' }, /^SERVICES must be a list/],
    [servicesOf({ url: 'file:///etc/passwd' }), /^SERVICES must be a list/],
    [servicesOf({ tasks: ['horoscope'] }), /^SERVICES must be a list/],
    [{ IDLE_SECONDS: '0' }, /^IDLE_SECONDS must be at least 1; got "0"/],
    [{ IDLE_RULE: 'never' }, /^IDLE_RULE must be one of queue, requests, recent; got "never"/],
    [{ VISIBILITY_SECONDS: '1e3' }, /^VISIBILITY_SECONDS must be a whole number; got "1e3"/],
    [{ PORT: '70000' }, /^PORT must be at most 65535; got "70000"/],
    [{ JOBS_TABLE: '' }, /^JOBS_TABLE must not be empty; got ""/],
    [{ STREAMING_PORT: '8081' }, /^STREAMING_PORT is set, but KEYS_TABLE is not/],
    [
      { MINUTES_PER_DAY_PER_KEY: 'many' },
      /^MINUTES_PER_DAY_PER_KEY must be a number, at least 0; got "many"/,
    ],
  ])('are refused with name, limit and value: %j', (wrong, message) => {
    expect(() => readWorkerSettings({ ...env, ...wrong })).toThrow(message);
  });

  it('leave the idle time to the rule of the path', () => {
    const ruled = readWorkerSettings({ ...env, IDLE_SECONDS: undefined, IDLE_RULE: 'recent' });
    expect(ruled).toMatchObject({ idleRule: 'recent' });
    expect(ruled.idleSeconds).toBeUndefined();
    expect(readWorkerSettings(env).idleRule).toBe('queue');
  });

  it('have the services of the machine in their order', () => {
    const voxtral = { name: 'voxtral', url: 'http://voxtral:8000', tasks: ['analysis'] };
    const both = { ...env, SERVICES: JSON.stringify([WHISPER, voxtral]), MODEL_SILENCE_SECONDS: '5' };
    expect(readWorkerSettings(both)).toMatchObject({ services: [WHISPER, voxtral], modelSilenceSeconds: 5 });
    expect(readWorkerSettings(env).modelSilenceSeconds).toBe(60);
  });

  it('lists every invalid variable', () => {
    expect(() => readWorkerSettings({ ...env, PORT: 'x', JOBS_TABLE: undefined })).toThrow(
      /JOBS_TABLE is not set.*\nPORT must be/,
    );
  });
});

describe('the models to fetch', () => {
  const cache = { MODEL_BUCKET: 'b', MODEL_DIR: '/m' };
  const turbo = { name: 'turbo', revision: '1', required: true };

  it('are required unless the list says otherwise', () => {
    const MODELS = JSON.stringify([{ name: 'turbo', revision: '1' }]);
    expect(readModelFetchSettings({ ...cache, MODELS }).models).toEqual([turbo]);
  });

  it.each([[[]], [[turbo]], [[turbo, { name: 'align-en', revision: 'f00', required: false }]]])(
    'is a list of models: %j',
    (models) => {
      expect(readModelFetchSettings({ ...cache, MODELS: JSON.stringify(models) })).toEqual({
        modelBucket: 'b',
        modelDir: '/m',
        models,
      });
    },
  );

  it.each([
    [undefined, 'MODELS is not set. The machine’s specification must set it.'],
    ['turbo', 'MODELS must be a list such as [{"name":"turbo"'],
    [JSON.stringify([{ ...turbo, name: '../x' }]), 'MODELS must be a list such as'],
    [JSON.stringify([{ ...turbo, revision: 'a/b' }]), 'MODELS must be a list such as'],
  ])('is refused with name, limit and value: %s', (models, message) => {
    expect(() => readModelFetchSettings({ ...cache, MODELS: models })).toThrow(message);
  });
});

describe('the machine’s description', () => {
  const folder = mkdtempSync(join(tmpdir(), 'machine-'));
  const file = join(folder, 'machine.json');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read from the file written by the machine', () => {
    const machine = {
      instance_id: 'i-1',
      instance_type: 'g4dn.xlarge',
      capacity: 'spot',
      availability_zone: 'us-east-1a',
    };
    writeFileSync(file, JSON.stringify(machine));
    expect(readMachine(file)).toEqual(machine);
  });

  it('is refused with the name of the file and a remedy', () => {
    writeFileSync(file, '{"instance_id":"i-1","instance_type":"t","capacity":"","availability_zone":"z"}');
    expect(() => readMachine(file)).toThrow(/MACHINE_FILE names .*capacity.*boot script writes it/);
    expect(() => readMachine(join(folder, 'none'))).toThrow(/ENOENT.*boot script writes it/);
  });
});
