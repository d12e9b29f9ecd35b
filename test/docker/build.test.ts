import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCRIPT = join(__dirname, '../../docker/build.sh');
const IMAGE = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/whisper:abc';

describe('what CodeBuild runs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spotscribe-build-'));
    program('aws', 'echo secret');
    program('docker', '');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Puts a program of that name first in the path; it writes down how it is called, an argument a line. */
  function program(name: string, body: string): void {
    const file = join(folder, name);
    // Who writes a password to a program that does not read it is ended by a signal.
    const password = `[ "$1" != login ] || cat > "$FOLDER/password"`;
    // One write for each call: programs of a pipe run at the same time.
    const call = `call=$(echo ${name}; printf '  %s\\n' "$@")\nprintf '%s\\n' "$call" >> "$FOLDER/calls"`;
    writeFileSync(file, `#!/bin/sh\n${call}\n${password}\n${body}\n`);
    chmodSync(file, 0o755);
  }

  /** How each program was called, in the order of the calls. */
  async function calls(variables: Record<string, string>): Promise<string[][]> {
    const PATH = `${folder}${delimiter}${process.env.PATH}`;
    const env = { PATH, FOLDER: folder, IMAGE, BUILDER_PAUSES: '0 0', ...variables };
    await run('bash', [SCRIPT], { env, cwd: folder });
    return readFileSync(join(folder, 'calls'), 'utf8')
      .split(/^(?=\S)/m)
      .map((call) => call.trimEnd().split(/\n {2}/));
  }

  const built = async (variables: Record<string, string>) => (await calls(variables)).at(-1) ?? [];

  test('signs in to the image’s registry, with the password on the standard input', async () => {
    const [login] = (await calls({})).filter(([, verb]) => verb === 'login');
    expect(login).toEqual([
      'docker',
      'login',
      '--username',
      'AWS',
      '--password-stdin',
      '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    ]);
    expect(readFileSync(join(folder, 'password'), 'utf8')).toBe('secret\n');
  });

  test('stores the file system before the image is pushed, under the image’s tag', async () => {
    writeFileSync(
      join(folder, 'tree.sh'),
      'echo "tree.sh $*, plain: $PLAIN" >> "$FOLDER/tree"; echo tree.tar\n',
    );
    const all = await calls({ TREES: 's3://trees/whisper', PACKAGES: 'nftables' });
    expect(readFileSync(join(folder, 'tree'), 'utf8')).toBe('tree.sh image tree.tar tree, plain: yes\n');
    const upload = all.findIndex(([program, verb]) => program === 'aws' && verb === 's3');
    expect(all[upload]).toEqual([
      'aws',
      's3',
      'cp',
      '--only-show-errors',
      'tree.tar',
      's3://trees/whisper/abc.tar',
    ]);
    expect(all[upload - 1]).toEqual(expect.arrayContaining(['--load', '--tag', 'tree', 'PACKAGES=nftables']));
    expect(all.findIndex((call) => call.some((word) => word.includes('push=true')))).toBeGreaterThan(upload);
  });

  test('builds for the machines’ processors, without attestations, and pushes zstd', async () => {
    expect(await built({})).toEqual([
      'docker',
      'buildx',
      'build',
      '--platform',
      'linux/amd64',
      '--provenance=false',
      '--sbom=false',
      '--output',
      `type=image,name=${IMAGE},compression=zstd,oci-mediatypes=true,push=true`,
      '.',
    ]);
  });

  test('builds a stage, with the Dockerfile’s arguments', async () => {
    const variables = { BASE_IMAGE: 'base:1', FAMILY: 'audio', REQUIREMENTS: 'laptop' };
    const call = await built({ TARGET: 'environment', ...variables });
    expect(call.slice(9)).toEqual([
      ...['--target', 'environment'],
      ...['--build-arg', 'BASE_IMAGE=base:1'],
      ...['--build-arg', 'FAMILY=audio'],
      ...['--build-arg', 'REQUIREMENTS=laptop'],
      '.',
    ]);
  });

  test('builds on an environment that is there', async () => {
    const call = await built({ TARGET: 'whisper', ENVIRONMENT: 'registry/environment@sha256:1' });
    expect(call.slice(9)).toEqual([
      ...['--target', 'whisper'],
      ...['--build-context', 'environment=docker-image://registry/environment@sha256:1'],
      '.',
    ]);
  });

  test('asks again for a builder that could not be fetched, and gives up in the end', async () => {
    const flaky =
      '[ "$2" != inspect ] || { echo x >> "$FOLDER/tries"; [ "$(wc -l < "$FOLDER/tries")" -ge 3 ]; }';
    program('docker', flaky);
    expect((await built({}))[2]).toBe('build');
    program('docker', '[ "$2" != inspect ]');
    rmSync(join(folder, 'calls'));
    await expect(calls({})).rejects.toMatchObject({ code: 1 });
    expect(readFileSync(join(folder, 'calls'), 'utf8')).not.toContain('--platform');
  });

  test.each([
    ['aws', 'exit 3'],
    ['docker', '[ "$1" != login ]'],
    ['docker', '[ "$2" != build ]'],
  ])('fails where %s does: %s', async (name, body) => {
    program(name, body);
    await expect(calls({})).rejects.toMatchObject({ code: expect.any(Number) as unknown });
  });

  test('fails without an image’s name, before anything is done', async () => {
    const env = { PATH: `${folder}${delimiter}${process.env.PATH}`, FOLDER: folder };
    await expect(run('bash', [SCRIPT], { env, cwd: folder })).rejects.toThrow('IMAGE: unbound variable');
    expect(existsSync(join(folder, 'password'))).toBe(false);
  });
});
