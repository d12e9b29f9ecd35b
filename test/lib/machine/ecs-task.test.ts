import { ENV } from '../../../core/contract/environment';
import { container, environment, task } from '../containers';
import { pathTemplate } from '../templates';

describe('the task', () => {
  test('runs once on every machine', () => {
    pathTemplate().hasResourceProperties('AWS::ECS::Service', { SchedulingStrategy: 'DAEMON' });
  });

  test('may stop before another one runs: otherwise a spot machine would not drain in time', () => {
    pathTemplate().hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
    });
  });

  test('starts the model fetch and the service at once', () => {
    expect(container('models')).toMatchObject({ Essential: false, Command: ['fetch-models'] });
    expect(container('whisper')).not.toHaveProperty('DependsOn');
  });

  test('ends when the model fetch fails: the worker, without which it stops, starts after its success', () => {
    expect(container('worker')).toMatchObject({
      Essential: true,
      DependsOn: [
        { ContainerName: 'models', Condition: 'SUCCESS' },
        { ContainerName: 'whisper', Condition: 'START' },
      ],
    });
  });

  test('links the worker to the service under the host name of its URL', () => {
    expect(task().NetworkMode).toBe('bridge');
    expect(container('worker').Links).toEqual(['whisper']);
    expect(JSON.parse(environment(container('worker'))[ENV.services] as string)).toEqual([
      { name: 'whisper', url: 'http://whisper:8001', tasks: ['transcription'] },
    ]);
    expect(environment(container('whisper'))[ENV.port]).toBe('8001');
  });

  test('gives the model service the GPU, but no AWS credentials or names', () => {
    expect(container('whisper').ResourceRequirements).toEqual([{ Type: 'GPU', Value: '1' }]);
    const names = Object.keys(environment(container('whisper')));
    expect(names.filter((name) => /BUCKET|TABLE|QUEUE|FLEET|AWS/.test(name))).toEqual([]);
  });

  test('is replaced when its model service ends, and restarts no container', () => {
    expect(container('whisper')).toMatchObject({ Essential: true });
    expect(container('whisper')).not.toHaveProperty('RestartPolicy');
  });

  test('sets the region of containers that call AWS, which ECS on EC2 does not do', () => {
    for (const name of ['models', 'worker']) {
      expect(environment(container(name)).AWS_REGION).toEqual({ Ref: 'AWS::Region' });
    }
  });

  test('lets the service read audio and models but not change them', () => {
    const mounts = (name: string) =>
      Object.fromEntries(container(name).MountPoints.map((mount) => [mount.ContainerPath, mount.ReadOnly]));
    expect(mounts('whisper')).toEqual({ '/scratch': false, '/shared-audio': true, '/models': true });
    expect(mounts('worker')).toEqual({ '/shared-audio': false, '/machine.json': true });
    expect(mounts('models')).toEqual({ '/models': false });
  });

  test('passes the settings to the containers', () => {
    const settings = {
      engine: 'faster-whisper',
      idleMinutes: 0.5,
      maxAudioHours: 2,
      visibilitySeconds: 33,
    } as const;
    expect(environment(container('whisper', settings))).toMatchObject({
      [ENV.whisperEngine]: 'faster-whisper',
      [ENV.maxAudioSeconds]: '7200',
    });
    expect(environment(container('worker', settings))).toMatchObject({
      [ENV.idleSeconds]: '30',
      [ENV.visibilitySeconds]: '33',
      [ENV.modelSilenceSeconds]: '60',
    });
  });

  test('passes sizes and times as whole numbers, even if settings are fractions', () => {
    const variables = environment(
      container('worker', { maxUploadGiB: 0.01, idleMinutes: 0.123, maxAudioHours: 0.1 }),
    );
    for (const name of [ENV.maxUploadBytes, ENV.idleSeconds, ENV.maxAudioSeconds]) {
      expect(variables[name]).toMatch(/^\d+$/);
    }
  });
});
