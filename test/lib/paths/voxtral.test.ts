import type { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { ENV } from '../../../core/contract/environment';
import { parseWantedModels } from '../../../core/models/model-manifest';
import { spotscribeApp } from '../../../lib/app';
import type { Settings } from '../../../lib/settings';
import { container, environment, task } from '../containers';
import { TEMPLATES_ONLY } from '../templates';

const PATH = 'Voxtral';

describe('path 400', () => {
  test('runs Voxtral and the worker, and fetches only Voxtral’s model', () => {
    expect(task({}, PATH).ContainerDefinitions.map(({ Name }) => Name)).toEqual([
      'models',
      'voxtral',
      'worker',
    ]);
    const fetched = environment(container('models', {}, PATH));
    expect(parseWantedModels(fetched[ENV.models] as string)).toEqual([
      { name: 'Voxtral-Mini-3B-2507', revision: expect.stringMatching(/^[0-9a-f]{40}$/), required: true },
    ]);
  });

  test('gives Voxtral exclusive use of the GPU, and requires Voxtral', () => {
    const voxtral = container('voxtral', {}, PATH);
    expect(voxtral).toMatchObject({
      Essential: true,
      ResourceRequirements: [{ Type: 'GPU', Value: '1' }],
    });
    expect(container('worker', {}, PATH).DependsOn).toContainEqual({
      ContainerName: 'models',
      Condition: 'SUCCESS',
    });
    expect(environment(voxtral)).not.toHaveProperty(ENV.gpuMemoryMib);
  });

  test('gives the worker the URL of Voxtral for both tasks, and no other service', () => {
    const worker = container('worker', {}, PATH);
    expect(JSON.parse(environment(worker)[ENV.services] as string)).toEqual([
      { name: 'voxtral', url: 'http://voxtral:8000', tasks: ['transcription', 'analysis'] },
    ]);
    expect(worker.Links).toEqual(['voxtral']);
  });

  test('passes the settings to the containers', () => {
    const settings = {
      voxtralEngine: 'extractive',
      voxtralModel: 'Own@1',
      voxtralQuantization: 'none',
      maxAudioHours: 1,
    } as const;
    expect(environment(container('voxtral', settings, PATH))).toMatchObject({
      [ENV.voxtralEngine]: 'extractive',
      [ENV.voxtralModel]: 'Own',
      [ENV.voxtralQuantization]: 'none',
      [ENV.maxAudioSeconds]: '3600',
      [ENV.port]: '8000',
    });
  });
});

describe('synthesis', () => {
  const warnings = (path: string, settings: Partial<Settings> = {}) => {
    const app = spotscribeApp({ context: { spotscribe: { paths: [path], ...settings }, ...TEMPLATES_ONLY } });
    const stack = app.node.findChild(`Spotscribe-${path}`) as Stack;
    return Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('analysis'))
      .map(({ entry }) => entry.data);
  };

  test.each(['Voxtral', 'Hybrid'])('warns that analyses cost more than words: %s', (path) => {
    expect(warnings(path)).toEqual([
      expect.stringMatching(/takes \d+ to \d+ minutes of a g4dn\.xlarge .*spotscribe:analysisCost/s),
    ]);
  });

  test('does not warn where a model makes no analyses', () => {
    expect(warnings('DockerGpu')).toEqual([]);
    expect(warnings('Voxtral', { voxtralEngine: 'extractive' })).toEqual([]);
  });
});
