import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ImageBuilds } from '../../../lib/images/image-builds';
import { ImageRepositories } from '../../../lib/images/image-repositories';
import { ServiceImage } from '../../../lib/images/service-image';
import { SERVICE_NAMES } from '../../../lib/services';
import type { Settings } from '../../../lib/settings';
import { task } from '../containers';
import { pathTemplate, templates } from '../templates';
import { requested, type Resources, root, synthesise } from './synthesised-images';

describe('the images of a deployment', () => {
  test('are pinned by the digests of the builds', () => {
    for (const { Image } of task().ContainerDefinitions as unknown as { Image: object }[]) {
      expect(JSON.stringify(Image)).toMatch(/"@",\{"Fn::GetAtt":\["PathImages\w+","Digest"\]\}/);
    }
  });

  test('are based on one family for the services of a stack that share it, by its digest', () => {
    const { Whisper, Voxtral, Environment } = requested(synthesise(root).paths);
    expect(Whisper?.Variables).toMatchObject({ TARGET: 'whisper', REQUIREMENTS: 'production' });
    const of = (properties?: Record<string, unknown>) =>
      (properties?.Variables as Record<string, unknown> | undefined)?.ENVIRONMENT;
    expect(JSON.stringify(of(Whisper))).toContain('"Digest"');
    expect(of(Whisper)).toEqual(of(Voxtral));
    expect(Environment?.Variables).toMatchObject({ TARGET: 'environment', FAMILY: 'torch-audio' });
    expect(Environment?.Variables).not.toHaveProperty('REQUIREMENTS');
    for (const { Variables } of [Whisper, Voxtral, Environment].map((each) => each ?? {}))
      expect(Variables).toMatchObject({
        BASE_IMAGE: expect.stringMatching(/^public\.ecr\.aws\//) as unknown,
      });
  });

  test('are based on different families where one service runs the engine for laptops', () => {
    const { paths } = synthesise(root, { engine: 'faster-whisper' });
    const environments = Object.values(paths)
      .map(({ Properties }) => Properties.Variables as Record<string, string> | undefined)
      .filter((variables) => variables?.TARGET === 'environment');
    expect(environments.map((variables) => variables?.FAMILY).sort()).toEqual(['audio', 'torch-audio']);
    const { Whisper, Voxtral } = requested(paths);
    expect(Whisper?.Variables).toMatchObject({ REQUIREMENTS: 'laptop' });
    expect(Voxtral?.Variables).toMatchObject({ REQUIREMENTS: 'production' });
  });

  test('keep their logical ids, whichever families they are based on', () => {
    const ids = ({ paths }: { paths: Resources }) =>
      Object.keys(paths)
        .filter((id) => id.startsWith('ImagesEnvironment'))
        .map((id) => id.replace(/[A-F0-9]{8}$/, ''));
    expect(ids(synthesise(root))).toEqual(['ImagesEnvironmentproduction']);
    const onLaptops = synthesise(root, { engine: 'faster-whisper', voxtralEngine: 'extractive' });
    expect(ids(onLaptops)).toEqual(['ImagesEnvironmentlaptop']);
  });

  test('are kept by tags of the stack, which no lifecycle rule expires', () => {
    const { paths, foundation } = synthesise(root);
    const held = Object.values(requested(paths)).map(({ HeldAs }) => String(HeldAs));
    expect(new Set(held).size).toBe(4);
    for (const tag of held) expect(tag).toMatch(/^in-use-Both-/);
    const repositories = Object.values(foundation).filter(({ Type }) => Type === 'AWS::ECR::Repository');
    expect(repositories).toHaveLength(['worker', 'environment', ...SERVICE_NAMES].length);
    for (const { Properties } of repositories) {
      expect(Properties).toMatchObject({
        ImageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
        ImageTagMutabilityExclusionFilters: [{ ImageTagMutabilityExclusionFilterValue: 'in-use-*' }],
      });
      const { LifecyclePolicyText } = Properties.LifecyclePolicy as { LifecyclePolicyText: string };
      const { rules } = JSON.parse(LifecyclePolicyText) as { rules: { selection: object }[] };
      expect(rules[0]).toMatchObject({ selection: { tagPrefixList: ['in-use-'], countNumber: 1000 } });
    }
  });

  test('pass the scan gate as the settings say, finding by finding', () => {
    const acceptedFindings = [{ id: 'CVE-2026-1', reason: 'not reachable' }];
    const { Whisper, Environment } = requested(
      synthesise(root, { scanGate: 'HIGH', acceptedFindings }).paths,
    );
    expect(Whisper).toMatchObject({ ScanGate: 'HIGH', AcceptedFindings: acceptedFindings });
    // It never runs itself: its findings also appear in the images based on it.
    expect(Environment).toMatchObject({ ScanGate: 'off' });
  });

  test('are built by roles that can only push to their repository and read their sources', () => {
    const { foundation } = synthesise(root);
    const policy = Object.entries(foundation).find(([id]) =>
      id.startsWith('ImageBuildsWhisperRoleDefaultPolicy'),
    );
    const { Statement } = policy?.[1].Properties.PolicyDocument as {
      Statement: { Action: string | string[]; Resource: unknown }[];
    };
    const [pushing, ...others] = Statement.filter(({ Action }) => Action.includes('ecr:PutImage'));
    expect(pushing?.Resource).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^ImagesWhisper/), 'Arn'] });
    expect(others).toEqual([]);
    const [reading] = Statement.filter(({ Action }) => Action.includes('s3:GetObject'));
    expect(JSON.stringify(reading?.Resource)).toMatch(/\/[a-f0-9]{64}\.zip"/);
    expect(Statement.filter(({ Resource }) => Resource === '*').map(({ Action }) => Action)).toEqual([
      'ecr:GetAuthorizationToken',
    ]);
  });
});

describe('an image that the user provides', () => {
  const DIGEST = `sha256:${'a'.repeat(64)}`;
  const image = (name: string, settings: Partial<Settings>) =>
    (task(settings).ContainerDefinitions as unknown as { Name: string; Image: unknown }[]).find(
      ({ Name }) => Name === name,
    )?.Image;

  test('runs as given, and the others are built', () => {
    const settings: Partial<Settings> = { images: { whisper: `ghcr.io/me/whisper@${DIGEST}` } };
    expect(image('whisper', settings)).toBe(`ghcr.io/me/whisper@${DIGEST}`);
    expect(JSON.stringify(image('worker', settings))).toContain('"Digest"');
    expect(Object.keys(pathTemplate(settings).findResources('Custom::SpotscribeImage'))).toHaveLength(1);
  });

  test.each([`@${DIGEST}`, ':v1'])('with the version %s in ECR can be pulled by the task', (version) => {
    const settings: Partial<Settings> = {
      images: { whisper: `210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/whisper${version}` },
    };
    expect(JSON.stringify(image('whisper', settings))).toContain(
      `210987654321.dkr.ecr.eu-west-1.",{"Ref":"AWS::URLSuffix"},"/team/whisper${version}"`,
    );
    expect(JSON.stringify(pathTemplate(settings).findResources('AWS::IAM::Policy'))).toContain(
      ':ecr:eu-west-1:210987654321:repository/team/whisper',
    );
  });
});

test('images built by this machine’s Docker are CDK assets and request no build', () => {
  const template = pathTemplate({ images: 'local' });
  expect(template.findResources('Custom::SpotscribeImage')).toEqual({});
  const images = (task({ images: 'local' }).ContainerDefinitions as unknown as { Image: unknown }[]).map(
    ({ Image }) => JSON.stringify(Image),
  );
  for (const uri of images) expect(uri).toContain('cdk-hnb659fds-container-assets-');
});

test.each([
  ['laptop', 'audio'],
  ['production', 'torch-audio'],
] as const)(
  'an image built by this machine’s Docker with the packages for %s is on %s',
  (requirements, family) => {
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
    const stack = new Stack(app, 'Local');
    ServiceImage.fromLocalDocker(stack, 'Whisper', { image: 'whisper', requirements });
    const manifest = JSON.parse(readFileSync(join(app.synth().directory, 'Local.assets.json'), 'utf8')) as {
      dockerImages: Record<string, { source: object }>;
    };
    const sources = Object.values(manifest.dockerImages).map(({ source }) => source);
    expect(sources).toEqual([
      expect.objectContaining({
        dockerBuildTarget: 'whisper',
        dockerBuildArgs: { FAMILY: family, REQUIREMENTS: requirements },
      }),
    ]);
  },
);

test.each<[Partial<Settings>, string, string]>([
  [{}, 'audio', 'production'],
  [{ speechEngine: 'coqui', acceptSpeechLicense: 'Coqui-Public-Model-License' }, 'torch-audio', 'coqui'],
  [{ speechEngine: 'espeak-ng' }, 'audio', 'laptop'],
])('the image of speech with %j is on %s with the packages %s', (settings, FAMILY, REQUIREMENTS) => {
  const made = Object.values(
    pathTemplate({ paths: ['TextToSpeech'], ...settings }, 'TextToSpeech').findResources(
      'Custom::SpotscribeImage',
    ),
  ).map(({ Properties }) => (Properties as { Variables: Record<string, string> }).Variables);
  expect(made).toContainEqual(expect.objectContaining({ TARGET: 'environment', FAMILY }));
  expect(made).toContainEqual(expect.objectContaining({ TARGET: 'speech', REQUIREMENTS }));
  expect(made).toHaveLength(3);
});

test('the build context contains the Dockerfile, its files and nothing else', () => {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new Stack(app, 'Foundation');
  const repositories = new ImageRepositories(stack, 'Images', { onDestroy: 'keep' });
  const { whisper } = new ImageBuilds(stack, 'ImageBuilds', {
    repositories,
    trees: new Bucket(stack, 'Trees'),
  }).of;
  const { directory } = app.synth();
  const hash =
    /([a-f0-9]{64})\.zip$/.exec(String(stack.resolve(whisper.source)['Fn::Join']?.[1]?.[1]))?.[1] ?? '';
  const context = join(directory, `asset.${hash}`);
  const files = [
    'Dockerfile',
    'build.sh',
    'whisper/requirements.laptop.txt',
    'whisper/requirements.production.txt',
  ];
  const folders = ['common/spotscribe_common', 'audio/spotscribe_audio', 'whisper/spotscribe_whisper'];
  for (const file of [...files, ...folders]) expect(existsSync(join(context, file))).toBe(true);
  for (const file of ['whisper/tests', 'voxtral', 'worker', 'layers.sh', 'families'])
    expect(existsSync(join(context, file))).toBe(false);
  expect(readFileSync(join(context, 'Dockerfile'), 'utf8')).toContain('AS whisper');
});

test('the foundation does not depend on the source of images: switching removes no exports', () => {
  const of = (settings: Partial<Settings>) => templates(settings)['Spotscribe-Foundation']?.toJSON();
  expect(of({ images: 'local' })).toEqual(of({}));
});
