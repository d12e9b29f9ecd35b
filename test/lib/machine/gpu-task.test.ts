import { ENV } from '../../../core/contract/environment';
import { container, environment, task } from '../containers';
import { pathTemplate } from '../templates';

describe('the task', () => {
  test('runs once on every machine', () => {
    pathTemplate().hasResourceProperties('AWS::ECS::Service', { SchedulingStrategy: 'DAEMON' });
  });

  test('may be stopped before another one runs: with all of them kept, a spot machine’s would not drain in time', () => {
    pathTemplate().hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
    });
  });

  test('starts the models’ fetch, then the service, then the worker', () => {
    expect(container('models')).toMatchObject({ Essential: false, Command: ['fetch-models'] });
    expect(container('whisper').DependsOn).toEqual([{ ContainerName: 'models', Condition: 'SUCCESS' }]);
    expect(container('worker').DependsOn).toEqual([{ ContainerName: 'whisper', Condition: 'START' }]);
  });

  test('links the worker to the service under the name that its address uses', () => {
    expect(task().NetworkMode).toBe('bridge');
    expect(container('worker').Links).toEqual(['whisper']);
    expect(environment(container('worker'))[ENV.whisperUrl]).toBe('http://whisper:8001');
    expect(environment(container('whisper'))[ENV.port]).toBe('8001');
  });

  test('gives the model service the GPU, and no credentials or names of AWS', () => {
    expect(container('whisper').ResourceRequirements).toEqual([{ Type: 'GPU', Value: '1' }]);
    const names = Object.keys(environment(container('whisper')));
    expect(names.filter((name) => /BUCKET|TABLE|QUEUE|FLEET|AWS/.test(name))).toEqual([]);
  });

  test('is replaced as a whole when its model service ends, and starts nothing again in place', () => {
    expect(container('whisper')).toMatchObject({ Essential: true });
    expect(container('whisper')).not.toHaveProperty('RestartPolicy');
  });

  test('tells the containers that talk to AWS their region: on EC2 nobody else does', () => {
    for (const name of ['models', 'worker']) {
      expect(environment(container(name)).AWS_REGION).toEqual({ Ref: 'AWS::Region' });
    }
  });

  test('lets the service see audio and models but change neither', () => {
    const mounts = (name: string) =>
      Object.fromEntries(container(name).MountPoints.map((mount) => [mount.ContainerPath, mount.ReadOnly]));
    expect(mounts('whisper')).toEqual({ '/scratch': false, '/shared-audio': true, '/models': true });
    expect(mounts('worker')).toEqual({ '/shared-audio': false, '/machine.json': true });
    expect(mounts('models')).toEqual({ '/models': false });
  });

  test('passes the settings on', () => {
    const settings = {
      engine: 'pocketsphinx',
      idleMinutes: 0.5,
      maxAudioHours: 2,
      visibilitySeconds: 33,
    } as const;
    expect(environment(container('whisper', settings))).toMatchObject({
      [ENV.whisperEngine]: 'pocketsphinx',
      [ENV.maxAudioSeconds]: '7200',
    });
    expect(environment(container('worker', settings))).toMatchObject({
      [ENV.idleSeconds]: '30',
      [ENV.visibilitySeconds]: '33',
      [ENV.modelSilenceSeconds]: '60',
    });
  });

  test('gives sizes and times as whole numbers, whatever fractions the settings are', () => {
    const variables = environment(
      container('worker', { maxUploadGiB: 0.01, idleMinutes: 0.123, maxAudioHours: 0.1 }),
    );
    for (const name of [ENV.maxUploadBytes, ENV.idleSeconds, ENV.maxAudioSeconds]) {
      expect(variables[name]).toMatch(/^\d+$/);
    }
  });
});
