import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { LocalTask, startOrder } from '../../local/task';

const container = (name: string, ...dependencies: string[]): ContainerDefinition => ({
  name,
  dependsOn: dependencies.map((containerName) => ({ containerName, condition: 'START' })),
});

describe('the order in which containers start', () => {
  test('puts each after those that it depends on', () => {
    const order = startOrder([container('c', 'b'), container('a'), container('b', 'a')]);
    expect(order.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('does not exist for a circle, or for one that is missing', () => {
    expect(() => startOrder([container('a', 'b'), container('b', 'a')])).toThrow(
      'Containers wait for each other: a, b',
    );
    expect(() => startOrder([container('a', 'gone')])).toThrow('Containers wait for each other: a');
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
  const until = async (condition: () => boolean) => {
    while (!condition()) await sleep(20);
  };
  const forever = 'setInterval(() => undefined, 1000);';

  test('starts a container once the one before it has succeeded', async () => {
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

  test('does not start what waits for the success of one that failed', async () => {
    start([
      { name: 'init', essential: false, script: 'process.exit(3)' },
      {
        name: 'main',
        dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
        script: 'console.log("started")',
      },
    ]);
    await sleep(700);
    expect(said('main')).toBe('');
  });

  test('stops the others and starts anew when an essential container ends', async () => {
    const model = join(folder, 'model.log');
    // Fails once the model is up: it can then be told to stop.
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

  test('goes on when one that is not essential ends', async () => {
    start([
      { name: 'init', essential: false, script: 'console.log("done")' },
      { name: 'main', essential: true, script: `console.log('up'); ${forever}` },
    ]);
    await until(() => said('main') === 'up\n' && said('init') === 'done\n');
    await sleep(300);
    expect(said('main')).toBe('up\n');
  });

  test('stops in the reverse order of its start', async () => {
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
