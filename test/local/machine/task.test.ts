import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { exitCode, restarts } from '../../../local/machine/restart-policy';
import { LocalTask, startOrder } from '../../../local/machine/task';
import { until } from '../../until';

const container = (name: string, ...dependencies: string[]): ContainerDefinition => ({
  name,
  dependsOn: dependencies.map((containerName) => ({ containerName, condition: 'START' })),
});

describe('the order in which containers start', () => {
  test('starts each after its dependencies', () => {
    const order = startOrder([container('c', 'b'), container('a'), container('b', 'a')]);
    expect(order.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('does not exist for a cycle or a missing container', () => {
    expect(() => startOrder([container('a', 'b'), container('b', 'a')])).toThrow(
      'Containers depend on each other or on a missing one: a, b',
    );
    expect(() => startOrder([container('a', 'gone')])).toThrow(
      'Containers depend on each other or on a missing one: a',
    );
  });
});

describe('a container that has ended', () => {
  const policy = { enabled: true, restartAttemptPeriod: 60, ignoredExitCodes: [0, 143] };

  test.each([
    [{ restartPolicy: policy }, 1, 60, true],
    [{ restartPolicy: policy }, 137, 3600, true],
    // A model service that was stuck.
    [{ restartPolicy: policy }, 14, 600, true],
    [{ restartPolicy: policy }, 1, 59.9, false],
    [{ restartPolicy: policy }, 0, 3600, false],
    [{ restartPolicy: policy }, 143, 3600, false],
    [{ restartPolicy: { ...policy, enabled: false } }, 1, 3600, false],
    [{ restartPolicy: { enabled: true } }, 0, 299, false],
    [{ restartPolicy: { enabled: true } }, 0, 300, true],
    [{}, 1, 3600, false],
  ])(
    'is started again if its policy says so: %j, code %d after %d s: %s',
    (definition, code, seconds, again) => {
      expect(restarts(definition, code, seconds)).toBe(again);
    },
  );

  test('has the exit code of a container runtime', () => {
    expect([exitCode(3), exitCode('SIGKILL'), exitCode('SIGTERM')]).toEqual([3, 137, 143]);
  });
});

describe('a task on a machine', () => {
  let folder: string;
  let task: LocalTask | undefined;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'spotscribe-task-'))));
  afterEach(async () => {
    await task?.stop();
    rmSync(folder, { recursive: true });
  });

  const start = (containers: (ContainerDefinition & { script: string })[]) => {
    task = new LocalTask({
      definition: { containerDefinitions: containers },
      folder,
      aws: {},
      commandOf: ({ name }) => ({
        file: process.execPath,
        args: ['-e', containers.find((each) => each.name === name)?.script ?? ''],
        env: {},
      }),
      onChange: () => undefined,
    });
    return task;
  };
  const said = (name: string) =>
    existsSync(join(folder, `${name}.log`)) ? readFileSync(join(folder, `${name}.log`), 'utf8') : '';
  const forever = 'setInterval(() => undefined, 1000);';

  test('gives every container the variables of the ECS agent: the path of the task’s credentials', async () => {
    const tell = `console.log(process.env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI); ${forever}`;
    start([
      { name: 'model', script: tell },
      { name: 'worker', script: tell },
    ]);
    await until(() => said('model') !== '' && said('worker') !== '');
    expect(said('model')).toMatch(/^\/v2\/credentials\/[0-9a-f-]{36}\n$/);
    expect(said('worker')).toBe(said('model'));
  });

  test('starts a container when its dependency has succeeded', async () => {
    start([
      { name: 'init', essential: false, script: 'setTimeout(() => console.log(Date.now()), 300)' },
      {
        name: 'main',
        dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
        script: `console.log(Date.now()); ${forever}`,
      },
    ]);
    await until(() => said('main') !== '');
    expect(Number(said('main'))).toBeGreaterThanOrEqual(Number(said('init')));
  });

  test('does not start a container whose dependency failed', async () => {
    const running = start([
      { name: 'init', essential: false, script: 'process.exit(3)' },
      {
        name: 'main',
        dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
        script: 'console.log("started")',
      },
    ]);
    await until(() => running.containers.get('init')?.process.running === false);
    await sleep(700);
    expect(said('main')).toBe('');
  });

  test('stops the others and restarts when an essential container ends', async () => {
    const model = join(folder, 'model.log');
    // Fails when the model runs, so that the model can be stopped.
    const fails = `const { readFileSync } = require('fs');
      setInterval(() => { if (readFileSync(${JSON.stringify(model)}, 'utf8').endsWith('up\\n')) process.exit(1); }, 50);`;
    start([
      {
        name: 'model',
        essential: true,
        script: `process.on('SIGTERM', () => { console.log('down'); process.exit(0); }); console.log('up'); ${forever}`,
      },
      {
        name: 'worker',
        essential: true,
        dependsOn: [{ containerName: 'model', condition: 'START' }],
        script: fails,
      },
    ]);
    await until(() => said('model').startsWith('up\ndown\nup\n'));
    expect(said('model')).toMatch(/^(up\ndown\n)+(up\n)?$/);
  });

  test('continues when a non-essential container ends', async () => {
    start([
      { name: 'init', essential: false, script: 'console.log("done")' },
      { name: 'main', essential: true, script: `console.log('up'); ${forever}` },
    ]);
    await until(() => said('main') === 'up\n' && said('init') === 'done\n');
    await sleep(300);
    expect(said('main')).toBe('up\n');
  });

  /** Ends when a file with its name exists, and deletes the file. */
  const endsOn = (name: string) => `const { existsSync, rmSync } = require('fs');
    console.log(process.pid);
    setInterval(() => { if (existsSync('${name}.end')) { rmSync('${name}.end'); process.exit(1); } }, 20);`;
  const end = (name: string) => writeFileSync(join(folder, `${name}.end`), '');
  const lines = (name: string) =>
    said(name)
      .split('\n')
      .filter((line) => line !== '');
  const immediately = { enabled: true, restartAttemptPeriod: 0 };

  test.each([true, false])(
    'starts a container again in place, and leaves the others as they are: essential %s',
    async (essential) => {
      const running = start([
        { name: 'model', essential, restartPolicy: immediately, script: endsOn('model') },
        { name: 'worker', essential: true, script: `console.log('up'); ${forever}` },
      ]);
      await until(() => lines('model').length === 1 && said('worker') !== '');
      end('model');
      await until(() => lines('model').length === 2);
      const process_ = running.containers.get('model')?.process;
      expect(process_).toMatchObject({ running: true, started: { pid: Number(lines('model')[1]) } });
      expect(lines('model')[1]).not.toBe(lines('model')[0]);
      expect(said('worker')).toBe('up\n');
    },
  );

  test('does not restart a container that ended too soon, and keeps the task if it is not essential', async () => {
    const policy = { enabled: true, restartAttemptPeriod: 3600 };
    const running = start([
      { name: 'model', essential: false, restartPolicy: policy, script: endsOn('model') },
      { name: 'worker', essential: true, script: `console.log('up'); ${forever}` },
    ]);
    await until(() => lines('model').length === 1 && said('worker') !== '');
    end('model');
    await until(() => running.containers.get('model')?.process.running === false);
    await sleep(1500);
    expect(lines('model')).toHaveLength(1);
    expect(said('worker')).toBe('up\n');
  });

  test('does not restart containers that it stops', async () => {
    const running = start([
      { name: 'model', restartPolicy: immediately, script: endsOn('model') },
      { name: 'worker', restartPolicy: immediately, script: endsOn('worker') },
    ]);
    await until(() => lines('model').length === 1 && lines('worker').length === 1);
    await running.stop();
    task = undefined;
    await sleep(300);
    expect([lines('model'), lines('worker')].map(({ length }) => length)).toEqual([1, 1]);
    expect([...running.containers.values()].map(({ process }) => process.running)).toEqual([false, false]);
  });

  test('stops in reverse start order', async () => {
    const script = (name: string) =>
      `process.on('SIGTERM', () => { require('fs').appendFileSync(${JSON.stringify(join(folder, 'order'))}, '${name} '); process.exit(0); }); console.log('up'); ${forever}`;
    writeFileSync(join(folder, 'order'), '');
    const running = start([
      { name: 'model', script: script('model') },
      {
        name: 'worker',
        dependsOn: [{ containerName: 'model', condition: 'START' }],
        script: script('worker'),
      },
    ]);
    await until(() => said('worker') !== '' && said('model') !== '');
    await running.stop();
    task = undefined;
    expect(readFileSync(join(folder, 'order'), 'utf8')).toBe('worker model ');
  });
});
