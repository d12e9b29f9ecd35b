import { existsSync, readFileSync } from 'node:fs';
import { imageBuilds } from '../../cli/image-builds';

const registry = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const task = (engine: string, voxtralEngine = 'voxtral') => ({
  containerDefinitions: [
    { name: 'models', image: `${registry}/worker-repo:abc` },
    {
      name: 'whisper',
      image: `${registry}/whisper-repo:def`,
      environment: [{ name: 'WHISPER_ENGINE', value: engine }],
    },
    {
      name: 'voxtral',
      image: `${registry}/voxtral-repo:ghi`,
      environment: [{ name: 'VOXTRAL_ENGINE', value: voxtralEngine }],
    },
    { name: 'worker', image: `${registry}/worker-repo:abc` },
  ],
});

describe('the images of a deployed task', () => {
  test('are each built once, under the address that the task runs them from', () => {
    const builds = imageBuilds(task('whisperx'));
    expect(builds.map(({ uri }) => uri)).toEqual([
      `${registry}/worker-repo:abc`,
      `${registry}/whisper-repo:def`,
      `${registry}/voxtral-repo:ghi`,
    ]);
    expect(builds[0]).toMatchObject({ registry, repository: 'worker-repo', tag: 'abc' });
  });

  test('come from Dockerfiles and folders that are there', () => {
    for (const { args, prepare } of imageBuilds(task('whisperx'))) {
      expect(readFileSync(args[args.indexOf('-f') + 1] ?? '', 'utf8')).toContain('ENTRYPOINT');
      expect(existsSync(args.at(-1) ?? '')).toBe(true);
      if (prepare !== undefined) expect(existsSync(prepare[1] ?? '')).toBe(true);
    }
  });

  test.each([
    ['whisperx', 'extractive', ['production', 'laptop']],
    ['pocketsphinx', 'voxtral', ['laptop', 'production']],
  ])('with the engines %s and %s have the %s packages', (whisper, voxtral, requirements) => {
    const builds = imageBuilds(task(whisper, voxtral)).slice(1);
    expect(builds.map(({ args }) => args[5])).toEqual(requirements.map((name) => `REQUIREMENTS=${name}`));
  });

  test('are refused where there is no source for one', () => {
    const unknown = { containerDefinitions: [{ name: 'painter', image: `${registry}/x:y` }] };
    expect(() => imageBuilds(unknown)).toThrow(
      'There is no image for the container "painter" in this package',
    );
    expect(() => imageBuilds({ containerDefinitions: [{ name: 'worker', image: 'latest' }] })).toThrow(
      'Container worker runs "latest", which is no address with a tag',
    );
  });
});
