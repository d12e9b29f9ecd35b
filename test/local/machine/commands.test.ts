import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PATHS } from '../../../lib/paths';
import { commandOf } from '../../../local/machine/commands';
import { task } from '../../lib/containers';

const installed = { servicePython: '/python', workerBundle: '/worker.js' };

describe('a container on a laptop', () => {
  test.each(PATHS.map(({ info }) => info.id))('has a command on every path: %s', (path) => {
    for (const { Name } of task({}, path).ContainerDefinitions) {
      expect([process.execPath, '/python']).toContain(commandOf({ name: Name }, installed).file);
    }
  });

  test.each(['whisper', 'voxtral'])(
    'runs its package in the environment of the model services: %s',
    (name) => {
      const { file, args, env } = commandOf({ name }, installed);
      expect([file, ...args]).toEqual(['/python', '-m', `spotscribe_${name}`]);
      const packages = ['common/__init__.py', 'audio/__init__.py', `${name}/__main__.py`].map(
        (file) => `spotscribe_${file}`,
      );
      for (const each of packages) {
        expect((env.PYTHONPATH ?? '').split(':').some((folder) => existsSync(join(folder, each)))).toBe(true);
      }
    },
  );

  test('has all packages: the requirements of all model services are equal', () => {
    const lock = (name: string) =>
      readFileSync(join(__dirname, '../../../docker', name, 'requirements.laptop.txt'), 'utf8');
    expect(lock('voxtral')).toBe(lock('whisper'));
  });

  test('without a command is rejected with its name', () => {
    expect(() => commandOf({ name: 'painter' }, installed)).toThrow(
      'There is no local command for the container "painter": add one in local/machine/commands.ts',
    );
  });
});
