import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ModelDisk } from '../../../docker/worker/src/model-disk';
import { BAKE_DOCUMENT, BAKE_PARAMETER } from '../../../lib/gpu/bake-component';
import { BAKED_MODELS, machineBoot } from '../../../lib/gpu/machine-boot';

const run = promisify(execFile);
const SCRIPT = join(__dirname, '../../../lib/gpu/bake.sh');
const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

describe('the document of Image Builder’s component', () => {
  const document = Object.fromEntries(
    BAKE_DOCUMENT.split('\n').map((line) => [
      line.split(':')[0],
      JSON.parse(line.replace(/^\w+: /, '')) as unknown,
    ]),
  ) as { parameters: unknown; phases: { name: string; steps: { inputs: { commands: string[] } }[] }[] };
  const commands = document.phases.map(({ steps }) =>
    steps.flatMap(({ inputs }) => inputs.commands).join('\n'),
  );

  test('brings, and looks at what came, on the machine and on another one', () => {
    expect(document.phases.map(({ name }) => name)).toEqual(['build', 'validate', 'test']);
    expect(commands[0]).toContain(readFileSync(SCRIPT, 'utf8'));
    expect(commands[1]).toContain('docker image inspect');
    expect(commands[2]).toBe(commands[1]);
  });

  test('uses every parameter that it has, and no other', () => {
    const used = new Set([...BAKE_DOCUMENT.matchAll(/\{\{ (\w+) \}\}/g)].map(([, name]) => name));
    expect(used).toEqual(new Set(Object.values(BAKE_PARAMETER)));
    expect(document.parameters).toEqual([...used].map((name) => ({ [name!]: { type: 'string' } })));
  });

  test('is short enough for a template, and its commands are such that bash can read', () => {
    expect(BAKE_DOCUMENT.length).toBeLessThan(16_000);
    for (const input of commands)
      expect(spawnSync('bash', ['-n'], { input, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('what bakes a machine image', () => {
  let folder: string;
  let models: string;
  const turbo = { name: 'turbo', revision: '1', version: 'e', files: [] };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spotscribe-bake-'));
    models = join(folder, 'models');
    program('systemctl', '');
    program('aws', 'echo secret');
    program('dnf', '');
    program('docker', '[ "$1" != login ] || cat > "$FOLDER/password"');
    // It would hand folders to another user, whom this machine may not name.
    program('install', 'for last; do mkdir -p "$last"; done 2> /dev/null');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Puts a program of that name first in the path; it writes down how it is called. */
  function program(name: string, body: string): void {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/bash\necho ${name} "$@" >> "$FOLDER/calls"\n${body}\n`);
    chmodSync(file, 0o755);
  }

  async function bake(images = `${ECR}/whisper@sha256:a ${ECR}/worker@sha256:b`): Promise<string[]> {
    mkdirSync(models);
    const env = {
      PATH: `${folder}${delimiter}${process.env.PATH}`,
      FOLDER: folder,
      TMPDIR: folder,
      IMAGES: images,
      WORKER: images.split(' ').at(-1),
      MODELS: '[{"name":"turbo","revision":"1","required":true}]',
      MODEL_BUCKET: 'bucket',
      AWS_REGION: 'eu-central-1',
      MODEL_FOLDER: models,
      MODEL_OWNER: '10001:10001',
    };
    // What lies on the machine that it is made for is not this one's.
    const script = readFileSync(SCRIPT, 'utf8').replace(/^rm -rf \/var.*$/m, '');
    await run('bash', ['-c', script], { env });
    return readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n');
  }

  test('pulls every image, by the credentials of its registry, which do not stay', async () => {
    const calls = await bake();
    expect(calls.filter((call) => call.startsWith('docker pull'))).toEqual([
      `docker pull --quiet ${ECR}/whisper@sha256:a`,
      `docker pull --quiet ${ECR}/worker@sha256:b`,
    ]);
    expect(calls).toContain('aws ecr get-login-password --region eu-central-1');
    expect(calls).toContain(`docker login --username AWS --password-stdin ${ECR}`);
    expect(readFileSync(join(folder, 'password'), 'utf8')).toBe('secret\n');
    expect(existsSync(join(folder, 'config.json'))).toBe(false);
  });

  test('signs in to no registry that is public', async () => {
    const calls = await bake('ghcr.io/me/whisper:1 ghcr.io/me/worker:1');
    expect(calls.join('\n')).not.toContain('login');
  });

  test('has the worker’s image fetch the models, as its own user', async () => {
    const fetch = (await bake()).find((call) => call.startsWith('docker run'));
    expect(fetch).toContain('--user 10001:10001 --read-only --cap-drop ALL');
    expect(fetch).toMatch(new RegExp(`--volume ${models}:/models ${ECR}/worker@sha256:b fetch-models$`));
  });

  test.each([
    ['an image cannot be pulled', 'pull'],
    ['a model cannot be brought', 'run'],
  ])('fails if %s: no machine starts from half of it', async (_, verb) => {
    program('docker', `[ "$1" != login ] || cat > /dev/null; [ "$1" != ${verb} ]`);
    await expect(bake()).rejects.toMatchObject({ code: 1 });
  });

  test('leaves models that the first boot makes its own, and a second one does not believe', async () => {
    const built = new ModelDisk(models, 'builder');
    program('docker', 'case $1 in login) cat ;; run) exec node "$FOLDER/fetch.cjs" ;; esac > /dev/null');
    // In place of the container: what it does at the end of a fetch.
    writeFileSync(
      join(folder, 'fetch.cjs'),
      `const fs = require('fs'); fs.mkdirSync(${JSON.stringify(dirname(built.whole(turbo)))}, { recursive: true });` +
        `fs.mkdirSync(${JSON.stringify(built.whole(turbo))});` +
        `fs.writeFileSync(${JSON.stringify(`${built.whole(turbo)}.json`)}, JSON.stringify({ boot: 'builder', version: 'e', files: {} }));`,
    );
    await bake();
    expect(await built.holds(turbo)).toBe(false);

    const script = machineBoot('cluster', [], true).render();
    const own = script.split('\n').find((line) => line.startsWith('find '))!;
    for (const boot of ['first', 'second']) {
      writeFileSync(join(folder, 'boot_id'), `${boot}\n`);
      const here = own
        .replace(BAKED_MODELS, models)
        .replace('/proc/sys/kernel/random/boot_id', join(folder, 'boot_id'));
      expect(spawnSync('bash', ['-xe', '-c', here]).status).toBe(0);
    }
    expect(await new ModelDisk(models, 'first').holds(turbo)).toBe(true);
    expect(await new ModelDisk(models, 'second').holds(turbo)).toBe(false);
  });
});
