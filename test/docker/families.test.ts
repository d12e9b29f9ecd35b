import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FAMILIES } from '../../lib/images/families';
import { SERVICES } from '../../lib/services';

const DOCKER = join(__dirname, '../../docker');
const read = (file: string) => readFileSync(join(DOCKER, file), 'utf8');

/** The stages of the Dockerfile by name: what each is built on, and its instructions. */
const stages = new Map(
  [...read('Dockerfile').matchAll(/^FROM (\S+) AS (\S+)\n((?:(?!FROM ).*\n)*)/gm)].map(
    ([, base = '', name = '', body = '']) => [name, { base, body }] as const,
  ),
);

/** Sources of a stage's COPY instructions. */
const copied = (stage: string) =>
  [...(stages.get(stage)?.body ?? '').matchAll(/^COPY (?!--from)(\S+) /gm)].map(([, source]) => source);

/** A stage and all stages below it. */
function below(stage: string): string[] {
  const base = stages.get(stage)?.base;
  return base === undefined ? [] : [stage, ...below(base)];
}

/** Packages of a lock, each with its version, condition and hashes. */
const packages = (lock: string) =>
  read(lock)
    .split(/\n(?=[a-z0-9])/)
    .map((entry) => entry.trim());

const services = Object.values(SERVICES).map(({ name, image: { families }, exec }) => ({
  name,
  families,
  folders: exec.folders.map((folder) => `${basename(folder)}/spotscribe_${basename(folder)}`),
}));

describe('a family', () => {
  test('is a stage of the Dockerfile that takes the place of the environment', () => {
    for (const family of FAMILIES) expect(below(family).at(-1)).toBe('plain');
    expect(stages.get('environment')?.base).toBe('${FAMILY}');
  });

  test('contains the files of no service, and no other family’s', () => {
    expect(FAMILIES.flatMap((family) => copied(family))).toEqual([]);
    expect(copied('torch-packages')).toEqual(['families/torch.txt']);
    expect(below('torch-audio')).toEqual(['torch-audio', 'torch', 'plain']);
    expect(below('audio')).toEqual(['audio', 'plain']);
    const withFfmpeg = [...stages].filter(([, { body }]) => body.includes('ffmpeg'));
    expect(withFfmpeg.map(([name]) => name)).toEqual(['audio', 'torch-audio']);
  });

  test('with torch has packages that all services on it have, in the same versions', () => {
    const family = packages('families/torch.txt');
    expect(family).toContainEqual(expect.stringMatching(/^torch==/));
    const onTorch = services.filter(({ families }) => families.production.startsWith('torch'));
    expect(onTorch).not.toEqual([]);
    for (const { name } of onTorch)
      expect(packages(`${name}/requirements.production.txt`)).toEqual(expect.arrayContaining(family));
  });

  test('without torch is for services whose locks have none', () => {
    for (const { name, families } of services)
      for (const kind of ['production', 'laptop'] as const)
        if (!families[kind].startsWith('torch'))
          expect(read(`${name}/requirements.${kind}.txt`)).not.toMatch(/^torch==/m);
  });
});

describe.each(services)('the image $name', ({ name, folders }) => {
  test('is the environment with the service’s own packages and sources', () => {
    expect(stages.get(name)?.base).toBe('environment');
    expect(copied(name)).toEqual([`${name}/requirements.\${REQUIREMENTS}.txt`, ...folders]);
  });

  test('has the folder of every package that the service imports', () => {
    const imported = read(`${name}/pyproject.toml`).match(/^dependencies = \[(.*)\]/m)?.[1] ?? '';
    for (const [, room = ''] of imported.matchAll(/"spotscribe-(\w+)"/g))
      expect(folders).toContain(`${room}/spotscribe_${room}`);
  });

  test('does not contain uv, which is mounted', () => {
    for (const stage of below(name))
      expect(stages.get(stage)?.body).not.toMatch(/pip install --no-cache-dir/);
    expect(stages.get(name)?.body).toContain('--mount=type=bind,from=uv,');
  });
});
