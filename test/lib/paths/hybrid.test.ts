import { Match } from 'aws-cdk-lib/assertions';
import { ENV } from '../../../core/contract/environment';
import { parseWantedModels } from '../../../core/models/model-manifest';
import { needed, whisperParts } from '../../../lib/machine/gpu-memory';
import type { Settings } from '../../../lib/settings';
import { container, environment, task } from '../containers';
import { pathTemplate } from '../templates';

const PATH = 'Hybrid';
const of = (name: string, settings?: Partial<Settings>) => container(name, settings, PATH);
const MODELS = ['whisper', 'voxtral'];
const whisperMib = needed(whisperParts('large-v3-turbo'));

describe('path 500', () => {
  test('fetches both models while the services start; the worker waits for neither to become healthy', () => {
    const models = parseWantedModels(environment(of('models'))[ENV.models] as string);
    expect(models.map(({ name, required }) => [name, required])).toEqual([
      ['large-v3-turbo', true],
      ['align-en', false],
      ['diarization-open', false],
      ['Voxtral-Mini-3B-2507', true],
    ]);
    for (const name of MODELS) expect(of(name)).not.toHaveProperty('DependsOn');
    expect(of('worker').DependsOn).toEqual([
      { ContainerName: 'models', Condition: 'SUCCESS' },
      ...MODELS.map((name) => ({ ContainerName: name, Condition: 'START' })),
    ]);
    expect(of('worker').Links).toEqual(MODELS);
    expect(JSON.parse(environment(of('worker'))[ENV.services] as string)).toEqual([
      { name: 'whisper', url: 'http://whisper:8001', tasks: ['transcription'] },
      { name: 'voxtral', url: 'http://voxtral:8000', tasks: ['analysis'] },
    ]);
  });

  test('continues without Voxtral but not without Whisper, and restarts both', () => {
    expect(of('whisper').Essential).toBe(true);
    expect(of('voxtral').Essential).toBe(false);
    for (const name of MODELS) {
      expect(of(name).RestartPolicy).toEqual({ Enabled: true, RestartAttemptPeriod: 60 });
    }
    expect(of('worker')).not.toHaveProperty('RestartPolicy');
  });

  test('gives both services one lock file, in a folder that both can write', () => {
    const scratch = (name: string) =>
      of(name).MountPoints.find(({ ContainerPath }) => ContainerPath === '/scratch');
    for (const name of MODELS) {
      expect(environment(of(name))[ENV.gpuPriorityFile]).toBe('/scratch/gpu-priority');
      expect(scratch(name)).toEqual({ SourceVolume: 'scratch', ContainerPath: '/scratch', ReadOnly: false });
    }
  });

  test('fits into the memory that ECS finds on a g4dn.xlarge', () => {
    const reserved = task({}, PATH).ContainerDefinitions.map(({ MemoryReservation }) => MemoryReservation);
    expect(reserved.reduce((sum, each) => sum + each, 0)).toBeLessThan(15.4 * 1024);
  });

  test('shares the GPU through Docker’s runtime, and limits Voxtral to its share', () => {
    for (const name of MODELS) {
      expect(of(name)).not.toHaveProperty('ResourceRequirements');
      expect(environment(of(name))).toMatchObject({
        NVIDIA_VISIBLE_DEVICES: 'all',
        NVIDIA_DRIVER_CAPABILITIES: 'compute,utility',
      });
    }
    expect(environment(of('worker'))).not.toHaveProperty('NVIDIA_VISIBLE_DEVICES');
    expect(environment(of('voxtral'))).toMatchObject({
      [ENV.gpuMemoryMib]: String(14_899 - whisperMib),
      [ENV.voxtralQuantization]: 'nf4',
    });
    expect(JSON.stringify(userData())).toContain('--default-runtime=nvidia');
  });

  test('sets no share if no engine needs a GPU', () => {
    const laptop: Partial<Settings> = {
      engine: 'faster-whisper',
      voxtralEngine: 'extractive',
      instanceTypes: ['m7i.large'],
    };
    expect(environment(of('voxtral', laptop))).not.toHaveProperty(ENV.gpuMemoryMib);
    for (const name of MODELS) expect(of(name, laptop)).not.toHaveProperty('ResourceRequirements');
  });

  const userData = () => {
    const templates = pathTemplate({ paths: [PATH] }, PATH).findResources('AWS::EC2::LaunchTemplate', {
      Properties: { LaunchTemplateData: { UserData: Match.anyValue() } },
    });
    return Object.values(templates).map(
      ({ Properties }) => (Properties as { LaunchTemplateData: { UserData: unknown } }).LaunchTemplateData,
    );
  };
});
