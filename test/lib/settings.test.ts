import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readSettings, SettingsError } from '../../lib/settings';

const read = (context: Record<string, unknown>) => readSettings(new App({ context }).node);

describe('settings', () => {
  test('all have defaults', () => {
    expect(read({})).toMatchObject({
      paths: ['DockerGpu'],
      engine: 'whisperx',
      maxMachines: 4,
      onDestroy: 'keep',
    });
  });

  test('on the command line override those in cdk.json', () => {
    const context = { spotscribe: { maxMachines: 2, idleMinutes: 9 }, 'spotscribe:maxMachines': '7' };
    expect(read(context)).toMatchObject({ maxMachines: 7, idleMinutes: 9 });
  });

  test('in the environment override those in cdk.json; the command line overrides both', () => {
    const context = { spotscribe: { maxMachines: 2, idleMinutes: 9 }, 'spotscribe:model': 'medium' };
    const env = { SPOTSCRIBE_SETTINGS: '{"maxMachines": "3", "model": "large-v3"}' };
    const settings = readSettings(new App({ context }).node, env);
    expect(settings).toMatchObject({ maxMachines: 3, idleMinutes: 9, model: 'medium' });
  });

  test.each(['{', '[1]', '7'])('in the environment must be an object: %s', (text) => {
    expect(() => readSettings(new App().node, { SPOTSCRIBE_SETTINGS: text })).toThrow(
      `SPOTSCRIBE_SETTINGS must be a JSON object such as {"maxMachines": 2}; got ${text}. Correct it or unset it.`,
    );
  });

  test('accept lists as text', () => {
    expect(read({ 'spotscribe:instanceTypes': 'g6.xlarge,g5.xlarge' }).instanceTypes).toEqual([
      'g6.xlarge',
      'g5.xlarge',
    ]);
  });

  test.each([
    [{ maxMachines: 0 }, 'Setting "maxMachines" must be at least 1; got 0.'],
    [{ maxMachines: 2.5 }, 'Setting "maxMachines" must be a whole number; got 2.5.'],
    [{ maxMachines: 'many' }, 'Setting "maxMachines" must be of type number; got "many".'],
    [{ engine: 'whispr' }, 'Setting "engine" must be one of whisperx, faster-whisper; got "whispr".'],
    [{ maxUploadGiB: 6 }, 'Setting "maxUploadGiB" must be at most 5; got 6.'],
    [
      { model: '../etc' },
      'Setting "model" must be a model of the catalogue, or <name>@<revision> for a model that you pushed; got "../etc".',
    ],
    [{ instanceTypes: [] }, 'Setting "instanceTypes" must not be empty; got [].'],
    [
      { voxtralModel: 'a/b' },
      'Setting "voxtralModel" must be a model of the catalogue, or <name>@<revision> for a model that you pushed; got "a/b".',
    ],
    [
      { embeddingEngine: 'bert' },
      'Setting "embeddingEngine" must be one of sentence-transformers, minilm; got "bert".',
    ],
    [
      { embeddingModel: 'hkunlp/instructor-xl' },
      'Setting "embeddingModel" must be a model of the catalogue, or <name>@<revision> for a model that you pushed; ' +
        'got "hkunlp/instructor-xl".',
    ],
    [
      { speechEngine: 'piper' },
      'Setting "speechEngine" must be one of kokoro, coqui, espeak-ng; got "piper".',
    ],
    [
      { speechVoices: 'mine' },
      'Setting "speechVoices" must be <name>@<revision> of recordings that you pushed like a model; got "mine".',
    ],
    [
      { embeddingPrecision: 'int8' },
      'Setting "embeddingPrecision" must be one of auto, float32, float16; got "int8".',
    ],
    [{ modelSilenceSeconds: 1 }, 'Setting "modelSilenceSeconds" must be at least 2; got 1.'],
    [{ maxMachine: 3 }, 'Setting "maxMachine" is unknown. Known settings: paths,'],
  ])('reject %j with property, limit and value', (spotscribe, message) => {
    expect(() => read({ spotscribe })).toThrow(SettingsError);
    expect(() => read({ spotscribe })).toThrow(message);
  });

  test('that were removed are rejected with their replacement, in addition to unknown ones', () => {
    const spotscribe = { gpuSharing: 'mps', bakedMachineImage: true, maxMachine: 3, constructor: 1 };
    const refused = () => read({ spotscribe });
    expect(refused).toThrow(SettingsError);
    expect(refused).toThrow(
      'Setting "gpuSharing" was removed: two models always share a GPU through Docker’s runtime, as with "runtime". ' +
        'Delete it from cdk.json (context.spotscribe), SPOTSCRIBE_SETTINGS or the command line.\n' +
        'Setting "bakedMachineImage" was removed: machines always pull images and fetch models when they start, as with ' +
        'false. Delete it from cdk.json (context.spotscribe), SPOTSCRIBE_SETTINGS or the command line.\n' +
        'Setting "maxMachine", "constructor" is unknown. Known settings: paths,',
    );
  });

  test.each([
    ['2', 2],
    [4, 4],
    ['us-west-1a,us-west-1c', ['us-west-1a', 'us-west-1c']],
    ['us-west-1a, us-west-1c', ['us-west-1a', 'us-west-1c']],
    ['["us-gov-west-1a"]', ['us-gov-west-1a']],
    [['eusc-de-east-1b'], ['eusc-de-east-1b']],
  ])('accept a number of zones, or their names: %j', (given, zones) => {
    expect(read({ 'spotscribe:availabilityZones': given }).availabilityZones).toEqual(zones);
    expect(read({ spotscribe: { availabilityZones: given } }).availabilityZones).toEqual(zones);
  });

  test.each([
    [0, 'must be a whole number from 1 to 6, or names of availability zones such as us-west-1a,us-west-1c'],
    [7, 'must be a whole number from 1 to 6'],
    ['2.5', 'must be a whole number from 1 to 6'],
    ['', 'must be a whole number from 1 to 6'],
    [[], 'must be a whole number from 1 to 6'],
    [true, 'must be a whole number from 1 to 6'],
    ['[1, 2]', 'must be a whole number from 1 to 6'],
    ['usw1-az1', 'must be a whole number from 1 to 6'],
    ['us-west-1', 'must be a whole number from 1 to 6'],
    ['us-west-2-lax-1a', 'must be a whole number from 1 to 6'],
    ['us-west-1a,', 'must be a whole number from 1 to 6'],
    ['us-west-1a,us-west-1a', 'must name each availability zone once'],
    ['us-west-1a,us-east-1a', 'must name availability zones of one region'],
    [[...'abcdefg'].map((letter) => `us-east-1${letter}`), 'must name at most 6 availability zones'],
  ])('reject invalid zones with one line: %j', (availabilityZones, message) => {
    const refused = () => read({ spotscribe: { availabilityZones } });
    expect(refused).toThrow(SettingsError);
    expect(refused).toThrow(`Setting "availabilityZones" ${message}`);
    expect(refused).toThrow(/^[^\n]*; got [^\n]*$/);
  });

  test('select the source of each image, also on the command line', () => {
    const images = { whisper: 'ghcr.io/me/whisper:v1', worker: 'local' };
    expect(read({ spotscribe: { images } }).images).toEqual(images);
    expect(read({ 'spotscribe:images': JSON.stringify(images) }).images).toEqual(images);
    expect(read({ 'spotscribe:images': 'local' }).images).toBe('local');
    expect(read({}).images).toBe('codebuild');
  });

  test.each([
    'docker',
    'ghcr.io/me/whisper:v1',
    { whisper: 'ghcr.io/me/whisper' },
    { whisper: 'whisper:v1' },
    { whisper: 'ghcr.io/me/whisper@sha256:12' },
    { painter: 'codebuild' },
  ])('reject %j for images, with the valid values', (images) => {
    expect(() => read({ spotscribe: { images } })).toThrow(
      'Setting "images" must be codebuild, local, or JSON such as {"whisper": "ghcr.io/me/whisper@sha256:…"} with the keys worker',
    );
  });

  test('require a reason for each accepted finding', () => {
    const acceptedFindings = [{ id: 'CVE-2026-1', reason: 'not reachable' }];
    expect(read({ spotscribe: { acceptedFindings } })).toMatchObject({ acceptedFindings });
    expect(read({ 'spotscribe:acceptedFindings': JSON.stringify(acceptedFindings) })).toMatchObject({
      acceptedFindings,
    });
    for (const wrong of ['CVE-2026-1', ['CVE-2026-1'], [{ id: 'CVE-2026-1' }], [{ id: 'x', reason: '' }]]) {
      expect(() => read({ spotscribe: { acceptedFindings: wrong } })).toThrow(
        'Setting "acceptedFindings" must be a list such as [{"id": "CVE-2026-1234", "reason": "not reachable: …"}], each with its reason; got',
      );
    }
  });

  test('are rejected with the cure', () => {
    expect(() => read({ 'spotscribe:idleMinutes': '-1' })).toThrow(
      'Set it in cdk.json under context.spotscribe.idleMinutes, or with -c spotscribe:idleMinutes=<value>.',
    );
  });
});

describe('the app with an invalid setting', () => {
  const run = (context: Record<string, unknown>) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'bin/app.ts'], {
      cwd: join(__dirname, '..', '..'),
      encoding: 'utf8',
      env: {
        ...process.env,
        CDK_CONTEXT_JSON: JSON.stringify(context),
        CDK_OUTDIR: join(__dirname, '../../cdk.out/bad'),
      },
    });

  test.each([
    [
      { spotscribe: { maxMachines: 0 } },
      /^Setting "maxMachines" must be at least 1; got 0\. Set it in .*\n$/,
    ],
    [
      { spotscribe: { paths: ['Nope'] } },
      /^Setting "paths" must contain only Traditional, DockerGpu, FastApi, Voxtral, Hybrid, TextToSpeech, Embeddings; got \["Nope"\]\. .*\n$/,
    ],
    [
      { spotscribe: { paths: ['Hybrid'], whisperGpuMemoryMib: 14_899 } },
      /^The sum of "whisperGpuMemoryMib" and "voxtralGpuMemoryMib" must be at most 14899 MiB, .*\n$/,
    ],
  ])('prints one line without a stack trace: %j', (context, line) => {
    const { stderr, status } = run(context);
    // The CDK reports the bundling of the foundation's handlers, before a path rejects its
    // settings.
    expect(stderr.replace(/^Bundling asset .*\n/gm, '')).toMatch(line);
    expect(status).toBe(1);
  });
});
