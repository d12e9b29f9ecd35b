import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../../docker/tree.sh');
const CONFIG = { Entrypoint: ['node', 'worker.cjs'], Cmd: null, Env: ['PATH=/bin'] };

describe('the script that writes the file system of an image', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spotscribe-tree-'));
    mkdirSync(join(folder, 'files'));
    writeFileSync(join(folder, 'files/program'), 'program');
    execFileSync('tar', ['-cf', join(folder, 'files.tar'), '-C', join(folder, 'files'), '.']);
    writeFileSync(
      join(folder, 'docker'),
      `#!/bin/sh
echo "$@" >>${folder}/calls
case $1 in
  build) [ ! -e ${folder}/broken ] || exit 1; echo 'what Docker says' ;;
  create) echo container-1 ;;
  export) cat ${folder}/files.tar ;;
  image) echo '${JSON.stringify(CONFIG)}' ;;
esac
`,
    );
    chmodSync(join(folder, 'docker'), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const archive = () => join(folder, 'tree-0a1b.tar');
  const tree = (...args: string[]) => script({ PLAIN: 'yes' }, ...args);
  const script = (variables: Record<string, string>, ...args: string[]) =>
    spawnSync('bash', [SCRIPT, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, CDK_DOCKER: join(folder, 'docker'), ...variables },
    });
  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n');
  const inArchive = (file: string) => execFileSync('tar', ['-xOf', archive(), file], { encoding: 'utf8' });

  test('adds how the image starts, and prints the name of the archive only', () => {
    const { stdout, status } = tree('image', archive(), 'whisper:1');
    expect([status, stdout]).toEqual([0, `${archive()}\n`]);
    expect(inArchive('./program')).toBe('program');
    expect(JSON.parse(inArchive('.spotscribe-image.json'))).toEqual(CONFIG);
    expect(calls()).toEqual([
      'create --platform linux/amd64 whisper:1',
      'export container-1',
      'image inspect --format {{json .Config}} whisper:1',
      'rm container-1',
    ]);
  });

  test('compresses the archive, but not that of the worker', () => {
    expect(script({}, 'image', archive(), 'whisper:1').status).toBe(0);
    expect(execFileSync('tar', ['--zstd', '-xOf', archive(), './program'], { encoding: 'utf8' })).toBe(
      'program',
    );
  });

  test('builds the image first', () => {
    expect(tree('build', archive(), '--target', 'whisper', '.').stdout).toBe(`${archive()}\n`);
    expect(calls()[0]).toBe(
      'build --platform linux/amd64 --tag spotscribe-tree:tree-0a1b --target whisper .',
    );
  });

  test('leaves no archive if the build fails', () => {
    writeFileSync(join(folder, 'broken'), '');
    expect(tree('build', archive(), '.').status).toBe(1);
    expect(existsSync(archive())).toBe(false);
  });

  test('refuses other words', () => {
    expect(tree('push', archive())).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('got push') as string,
    });
  });
});
