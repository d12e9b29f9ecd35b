import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endLeftovers } from '../../local';
import { endProcess, isAlive, ManagedProcess, startTime } from '../../local/processes';
import { readLocalState, type StartedProcess, writeLocalState } from '../../local/state';
import { until } from '../until';

describe('processes of a local AWS', () => {
  let folder: string;
  const started: ManagedProcess[] = [];
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'spotscribe-processes-'))));
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.stop(0)));
    rmSync(folder, { recursive: true });
  });

  const launch = (script: string): ManagedProcess => {
    const process_ = new ManagedProcess({
      name: 'test',
      file: process.execPath,
      args: ['-e', script],
      env: { PATH: process.env.PATH ?? '' },
      cwd: folder,
      log: join(folder, 'log'),
    });
    started.push(process_);
    return process_;
  };

  const says = (text: string) => until(() => readFileSync(join(folder, 'log'), 'utf8').includes(text));

  const forever = 'setInterval(() => undefined, 1000)';

  test('report their exit code, and log their output', async () => {
    const process_ = launch('console.log("printed"); process.exit(7)');
    expect(await process_.exited).toBe(7);
    expect(process_.running).toBe(false);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('printed\n');
  });

  test('get the time they need to end', async () => {
    const process_ = launch(
      `process.on('SIGTERM', () => setTimeout(() => process.exit(0), 300)); console.log('up'); ${forever}`,
    );
    await says('up');
    await process_.stop(120);
    expect(await process_.exited).toBe(0);
  });

  test('are killed with their child processes if they take longer', async () => {
    const child = `const c = require('child_process').spawn(process.execPath, ['-e', '${forever}']); console.log('child', c.pid)`;
    const process_ = launch(`process.on('SIGTERM', () => undefined); ${child}; ${forever}`);
    await says('child');
    const pid = Number(/child (\d+)/.exec(readFileSync(join(folder, 'log'), 'utf8'))?.[1]);
    expect(startTime(pid)).toBeDefined();
    await process_.stop(0.2);
    expect(await process_.exited).toBe('SIGKILL');
    await until(() => startTime(pid) === undefined);
  });

  test('are not killed if another process has reused the id', async () => {
    const process_ = launch(`console.log('up'); ${forever}`);
    await says('up');
    const earlier: StartedProcess = { ...process_.started, startedAt: '1' };
    expect(isAlive(earlier)).toBe(false);
    await endProcess(earlier, 0);
    expect(process_.running).toBe(true);
    expect(isAlive(process_.started)).toBe(true);
  });

  test('are stopped by the next start if their owner crashed', async () => {
    const process_ = launch(`console.log('up'); ${forever}`);
    await says('up');
    const state = {
      phase: 'ready',
      message: '',
      outputs: {},
      settings: {},
      processes: [process_.started],
      machines: [],
    } as const;
    writeLocalState(folder, {
      ...state,
      owner: { name: 'owner', pid: 1, startedAt: 'long ago' },
      processes: [...state.processes],
      machines: [],
    });
    await endLeftovers(folder);
    await process_.exited;
    expect(isAlive(process_.started)).toBe(false);
    expect(readLocalState(folder)).toBeUndefined();
  });

  test('are not stopped while their owner runs', async () => {
    const owner = launch(`console.log('up'); ${forever}`);
    await says('up');
    const state = {
      phase: 'ready' as const,
      message: '',
      outputs: {},
      settings: {},
      processes: [],
      machines: [],
    };
    writeLocalState(folder, { ...state, owner: owner.started });
    await expect(endLeftovers(folder)).rejects.toThrow('Stop it with: spotscribe local down');
    expect(owner.running).toBe(true);
  });

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('end when the one that started them is killed', async () => {
    const script = `
      require('tsx/cjs');
      const { ManagedProcess } = require(${JSON.stringify(join(__dirname, '../../local/processes.ts'))});
      const p = new ManagedProcess({ name: 'x', file: process.execPath, args: ['-e', '${forever}'], env: {}, cwd: '/', log: ${JSON.stringify(join(folder, 'child'))} });
      console.log('child', p.started.pid); ${forever};`;
    const parent = spawn(process.execPath, ['-e', script], {
      cwd: join(__dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (data: Buffer) => resolve(data.toString())),
    );
    const pid = Number(/child (\d+)/.exec(line)?.[1]);
    expect(startTime(pid)).toBeDefined();
    parent.kill('SIGKILL');
    await until(() => startTime(pid) === undefined);
  });
});
