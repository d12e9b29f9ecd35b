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

/** A package without the condition under which it is installed. */
const unconditional = (entry: string) => entry.replace(/ ; [^\\]*/, ' ');

const services = Object.values(SERVICES).map(({ name, image: { families }, exec }) => ({
  name,
  families,
  folders: exec.folders.map((folder) => `${basename(folder)}/spotscribe_${basename(folder)}`),
}));

/** The locks of all services, each with the family that its image is built on. */
const locks = services.flatMap(({ name, families }) =>
  Object.entries(families).map(([kind, on]) => ({ lock: `${name}/requirements.${kind}.txt`, on })),
);

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
    expect(withFfmpeg.map(([name]) => name)).toEqual(['ffmpeg', 'audio', 'torch-audio']);
  });

  test('with torch has packages that all services on it have, in the same versions', () => {
    const family = packages('families/torch.txt');
    expect(family).toContainEqual(expect.stringMatching(/^torch==/));
    const onTorch = locks.filter(({ on }) => on.startsWith('torch'));
    expect(onTorch.map(({ lock }) => lock)).toContain('speech/requirements.coqui.txt');
    for (const { lock } of onTorch)
      expect(packages(lock).map(unconditional)).toEqual(expect.arrayContaining(family.map(unconditional)));
  });

  test('without torch is for services whose locks have none', () => {
    for (const { lock, on } of locks)
      if (!on.startsWith('torch')) expect(read(lock)).not.toMatch(/^torch==/m);
  });
});

test('programs under the GPL are in images for laptops only', () => {
  const [installing, ...others] = [...stages].filter(([, { body }]) => body.includes('espeak'));
  expect(others).toEqual([]);
  expect(installing?.[0]).toBe('speech');
  expect(installing?.[1].body).toMatch(/if \[ "\$REQUIREMENTS" = laptop \]; then[^;]* espeak-ng /);
  // `phonemizer` and `piper-tts` are under the GPL too.
  for (const { lock } of locks) expect(read(lock)).not.toMatch(/^(phonemizer|piper|espeak|py-espeak)\S*==/m);
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
