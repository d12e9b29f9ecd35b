import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MachineProcess } from '../../../core/contract/machine-spec';
import { LocalTask, restarts, startOrder } from '../../../local/machine/task';
import { until } from '../../until';

/** A process that runs a script, or nothing. */
const scripted = (
  name: string,
  script = '',
  options: Omit<Partial<MachineProcess>, 'name'> = {},
): MachineProcess => ({
  ...{ name, image: name, memory_mib: 1, ...options },
  exec: { kind: 'node', bundle: 'worker', args: ['-e', script] },
});
const started = (...names: string[]) => ({
  after: names.map((process) => ({ process })),
});
const succeeded = (process: string) => ({ after: [{ process, until: 'succeeded' as const }] });

describe('the order in which processes start', () => {
  test('starts each after its dependencies', () => {
    const order = startOrder([
      scripted('c', '', started('b')),
      scripted('a'),
      scripted('b', '', started('a')),
    ]);
    expect(order.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('does not exist for a cycle or a missing process', () => {
    expect(() => startOrder([scripted('a', '', started('b')), scripted('b', '', started('a'))])).toThrow(
      'Processes depend on each other or on a missing one: a, b',
    );
    expect(() => startOrder([scripted('a', '', started('gone'))])).toThrow(
      'Processes depend on each other or on a missing one: a',
    );
  });
});

test.each([
  [60, 60, true],
  [60, 3600, true],
  [60, 59.9, false],
  [0, 0, true],
  [undefined, 3600, false],
])('a process with restart_after_seconds %s restarts after %s s: %s', (atLeast, seconds, again) => {
  expect(restarts(atLeast, seconds)).toBe(again);
});

describe('a task on a machine', () => {
  let folder: string;
  let task: LocalTask | undefined;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'spotscribe-task-'))));
  afterEach(async () => {
    await task?.stop();
    rmSync(folder, { recursive: true });
  });

  const start = (...processes: MachineProcess[]) => {
    task = new LocalTask({
      spec: { version: 1, images: {}, processes, volumes: {} },
      folder,
      aws: {},
      commandOf: ({ args = [] }) => Promise.resolve({ file: process.execPath, args, env: {} }),
      onChange: () => undefined,
    });
    return task;
  };
  const said = (name: string) =>
    existsSync(join(folder, `${name}.log`)) ? readFileSync(join(folder, `${name}.log`), 'utf8') : '';
  const forever = 'setInterval(() => undefined, 1000);';

  test('gives every process the variables of the ECS agent: the path of the task’s credentials', async () => {
    const tell = `console.log(process.env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI); ${forever}`;
    start(scripted('model', tell), scripted('worker', tell));
    await until(() => said('model') !== '' && said('worker') !== '');
    expect(said('model')).toMatch(/^\/v2\/credentials\/[0-9a-f-]{36}\n$/);
    expect(said('worker')).toBe(said('model'));
  });

  test('starts a process when its dependency has succeeded', async () => {
    start(
      scripted('init', 'setTimeout(() => console.log(Date.now()), 300)', { essential: false }),
      scripted('main', `console.log(Date.now()); ${forever}`, succeeded('init')),
    );
    await until(() => said('main') !== '');
    expect(Number(said('main'))).toBeGreaterThanOrEqual(Number(said('init')));
  });

  test('does not start a process whose dependency failed', async () => {
    const running = start(
      scripted('init', 'process.exit(3)', { essential: false }),
      scripted('main', 'console.log("started")', succeeded('init')),
    );
    await until(() => running.containers.get('init')?.process.running === false);
    await sleep(700);
    expect(said('main')).toBe('');
  });

  test('runs others while a dependency takes its time, and replaces them when it fails', async () => {
    start(
      scripted('init', "setTimeout(() => { console.log('failed'); process.exit(3); }, 300)", {
        essential: false,
      }),
      scripted(
        'model',
        `process.on('SIGTERM', () => { console.log('down'); process.exit(0); }); console.log('up'); ${forever}`,
      ),
      scripted('main', 'console.log("started")', succeeded('init')),
    );
    await until(
      () => said('model').startsWith('up\ndown\nup\n') && said('init').startsWith('failed\nfailed\n'),
    );
    expect(said('main')).toBe('');
  });

  test('replaces all when an essential process ends while another one still waits', async () => {
    start(
      scripted('init', `console.log('up'); ${forever}`, { essential: false }),
      scripted('model', 'process.exit(1)'),
      scripted('main', 'console.log("started")', succeeded('init')),
    );
    await until(() => said('init').startsWith('up\nup\n'));
    expect(said('main')).toBe('');
  });

  test('stops the others and restarts when an essential process ends', async () => {
    const model = join(folder, 'model.log');
    // Fails when the model runs, so that the model can be stopped.
    const fails = `const { readFileSync } = require('fs');
      setInterval(() => { if (readFileSync(${JSON.stringify(model)}, 'utf8').endsWith('up\\n')) process.exit(1); }, 50);`;
    const ends = `process.on('SIGTERM', () => { console.log('down'); process.exit(0); }); console.log('up'); ${forever}`;
    start(scripted('model', ends), scripted('worker', fails, started('model')));
    await until(() => said('model').startsWith('up\ndown\nup\n'));
    expect(said('model')).toMatch(/^(up\ndown\n)+(up\n)?$/);
  });

  test('continues when a non-essential process ends', async () => {
    start(
      scripted('init', 'console.log("done")', { essential: false }),
      scripted('main', `console.log('up'); ${forever}`),
    );
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
  const immediately = { restart_after_seconds: 0 };

  test.each([true, false])(
    'starts a process again in place, and leaves the others as they are: essential %s',
    async (essential) => {
      const running = start(
        scripted('model', endsOn('model'), { essential, ...immediately }),
        scripted('worker', `console.log('up'); ${forever}`),
      );
      await until(() => lines('model').length === 1 && said('worker') !== '');
      end('model');
      await until(() => lines('model').length === 2);
      const process_ = running.containers.get('model')?.process;
      expect(process_).toMatchObject({ running: true, started: { pid: Number(lines('model')[1]) } });
      expect(lines('model')[1]).not.toBe(lines('model')[0]);
      expect(said('worker')).toBe('up\n');
    },
  );

  test('does not restart a process that ended too soon, and keeps the task if it is not essential', async () => {
    const running = start(
      scripted('model', endsOn('model'), { essential: false, restart_after_seconds: 3600 }),
      scripted('worker', `console.log('up'); ${forever}`),
    );
    await until(() => lines('model').length === 1 && said('worker') !== '');
    end('model');
    await until(() => running.containers.get('model')?.process.running === false);
    await sleep(1500);
    expect(lines('model')).toHaveLength(1);
    expect(said('worker')).toBe('up\n');
  });

  test('does not restart processes that it stops', async () => {
    const running = start(
      scripted('model', endsOn('model'), immediately),
      scripted('worker', endsOn('worker'), immediately),
    );
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
    const running = start(
      scripted('model', script('model')),
      scripted('worker', script('worker'), started('model')),
    );
    await until(() => said('worker') !== '' && said('model') !== '');
    await running.stop();
    task = undefined;
    expect(readFileSync(join(folder, 'order'), 'utf8')).toBe('worker model ');
  });
});
