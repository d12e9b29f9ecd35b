import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { MachineSpec, ProcessExec } from '../../../core/contract/machine-spec';
import { SERVICES } from '../../../lib/services';
import { Programs } from '../../../local/machine/commands';

describe('a process without its image', () => {
  const made: string[] = [];
  beforeEach(() => made.splice(0));
  const programs = (app?: string) =>
    new Programs({
      workerBundle: '/worker.js',
      app,
      environment: (name, requirements) => {
        made.push(requirements);
        return Promise.resolve(`/python/${name}`);
      },
    });

  test('runs the bundle of the worker, with its arguments', async () => {
    const exec: ProcessExec = { kind: 'node', bundle: 'worker', args: ['fetch-models'] };
    const { file, args } = await programs().commandOf(exec);
    expect([file, ...args.slice(-2)]).toEqual([process.execPath, '/worker.js', 'fetch-models']);
    expect(made).toEqual([]);
  });

  test.each(Object.values(SERVICES))(
    'runs the module of a service with files that exist: $name',
    async ({ name, exec }) => {
      const { file, args, env } = await programs().commandOf(exec);
      const lock = basename(dirname(exec.requirements));
      expect([file, ...args]).toEqual([`/python/${lock}`, '-m', `spotscribe_${name}`]);
      expect(existsSync(made[0]!)).toBe(true);
      for (const each of [
        ...exec.folders.map((folder) => `${basename(folder)}/__init__.py`),
        `${name}/__main__.py`,
      ].map((file) => `spotscribe_${file}`)) {
        expect((env.PYTHONPATH ?? '').split(':').some((folder) => existsSync(join(folder, each)))).toBe(true);
      }
    },
  );

  test('of the user’s app runs with the files and the environment of the app', async () => {
    const exec: ProcessExec = {
      ...{
        kind: 'python',
        from: 'app',
        requirements: 'upper/requirements.txt',
        folders: ['upper', 'shared'],
      },
      ...{ module: 'upper_case', args: ['--loud'] },
    };
    const { file, args, env } = await programs('/my/app').commandOf(exec);
    expect(made).toEqual(['/my/app/upper/requirements.txt']);
    expect(file).toMatch(/^\/python\/app-upper-[0-9a-f]{8}$/);
    expect(args).toEqual(['-m', 'upper_case', '--loud']);
    expect(env.PYTHONPATH).toBe('/my/app/upper:/my/app/shared');
  });

  test('shares the environment of its requirements file with others', async () => {
    const processes = Object.values(SERVICES).map(({ name, exec }) => ({
      ...{ name, image: name, exec, memory_mib: 1 },
    }));
    const spec: MachineSpec = { version: 1, images: {}, processes, volumes: {} };
    await programs().prepare(spec);
    expect(made).toEqual([...new Set(made)]);
    const locks = ['whisper', 'embeddings', 'speech'].map((name) => expect.stringContaining(`/${name}/`));
    expect(made).toEqual(locks);
  });

  test('has all packages: the requirements of all services on one environment are equal', () => {
    const lock = (name: string) =>
      readFileSync(join(__dirname, '../../../docker', name, 'requirements.laptop.txt'), 'utf8');
    expect(lock('voxtral')).toBe(lock('whisper'));
  });

  test('tries to make an environment again after a failure', async () => {
    const answers = [Promise.reject(new Error('no network')), Promise.resolve('/python')];
    const own = new Programs({ workerBundle: '', environment: () => answers.shift()! });
    const { exec } = SERVICES.whisper;
    await expect(own.commandOf(exec)).rejects.toThrow('no network');
    expect(await own.commandOf(exec)).toMatchObject({ file: '/python' });
  });
});
