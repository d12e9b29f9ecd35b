import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { ECRClient } from '@aws-sdk/client-ecr';
import { S3Client } from '@aws-sdk/client-s3';
import {
  type Dependencies,
  imageReady,
  type Ready,
  type ReadyEvent,
} from '../../../lambda/images/image-ready';
import type { ImageRequest } from '../../../core/images/image-request';
import { type Requested, requestImage } from '../../../lambda/images/request-image';
import { AwsError, FakeAws } from '../../support/fake-aws';
import { FakeCodeBuild } from '../../support/fake-codebuild';
import { FakeEcr } from '../../support/fake-ecr';
import { quietTools } from '../../support/support';

const aws = new FakeAws();
const tools = quietTools();
let builds: FakeCodeBuild;
let images: FakeEcr;
let dependencies: Dependencies;

beforeAll(() => aws.start());
afterAll(() => aws.stop());
beforeEach(() => {
  builds = new FakeCodeBuild();
  images = new FakeEcr(aws);
  aws.asked.length = 0;
  aws.operations = { ...builds.operations, ...images.operations };
  dependencies = {
    ecr: new ECRClient(aws.client),
    codebuild: new CodeBuildClient(aws.client),
    logs: new CloudWatchLogsClient(aws.client),
    s3: new S3Client(aws.client),
  };
});

const REQUEST: ImageRequest = {
  RepositoryName: 'whisper',
  Tag: 'abc',
  HeldAs: 'in-use-Spotscribe-DockerGpu',
  Project: 'build-whisper',
  Source: 'assets/whisper.zip',
  Variables: { TARGET: 'whisper' },
  ScanGate: 'CRITICAL',
  AcceptedFindings: [],
};

const event = (change: Partial<ImageRequest> = {}, RequestType = 'Create'): ReadyEvent =>
  ({
    RequestType,
    PhysicalResourceId: 'whisper:in-use-Spotscribe-DockerGpu',
    ResourceProperties: { ...REQUEST, ...change },
  }) as unknown as ReadyEvent;

const ask = (change?: Partial<ImageRequest>, type?: string): Promise<Requested> =>
  requestImage(event(change, type), dependencies, tools);

/** Calls the second handler with the answer of the first one, as the CDK's framework does. */
const ready = (requested: Requested, change?: Partial<ImageRequest>): Promise<Ready> =>
  imageReady({ ...event(change), ...requested }, dependencies);

const tagged = (tag: string) => images.images.find(({ tags }) => tags.includes(tag))?.digest;
const severe = (...findings: [string, string][]) => [
  {
    imageScanStatus: { status: 'COMPLETE' },
    imageScanFindings: { findings: findings.map(([name, severity]) => ({ name, severity })) },
  },
];

describe('an existing image', () => {
  test('is not built, and its digest is returned by the first call', async () => {
    const Digest = images.push('abc');
    const requested = await ask();
    expect(requested).toEqual({ PhysicalResourceId: 'whisper:in-use-Spotscribe-DockerGpu' });
    expect(await ready(requested)).toEqual({
      IsComplete: true,
      Data: { Digest, Scan: 'no findings of severity CRITICAL' },
    });
    expect(builds.builds).toHaveLength(0);
  });

  test('gets the stack’s tag, which is removed from the previous image', async () => {
    const first = images.push('abc');
    await ready(await ask());
    await ready(await ask());
    expect(tagged(REQUEST.HeldAs)).toBe(first);
    const second = images.push('def');
    await ready(await ask({ Tag: 'def' }), { Tag: 'def' });
    expect(tagged(REQUEST.HeldAs)).toBe(second);
    expect(tagged('abc')).toBe(first);
  });

  test('is kept when the stack is deleted: only the stack’s tag is removed', async () => {
    const digest = images.push('abc');
    await ready(await ask());
    await ask({}, 'Delete');
    expect(await imageReady(event({}, 'Delete'), dependencies)).toEqual({ IsComplete: true });
    expect(tagged(REQUEST.HeldAs)).toBeUndefined();
    expect(tagged('abc')).toBe(digest);
  });

  test('does not block the deletion of a stack whose repository was deleted', async () => {
    images.exists = false;
    expect(await ask({}, 'Delete')).toEqual({ PhysicalResourceId: 'whisper:in-use-Spotscribe-DockerGpu' });
  });
});

describe('a missing image', () => {
  test('is built from the stack’s request, and waited for', async () => {
    const requested = await ask();
    expect(builds.builds[0]?.input).toMatchObject({
      projectName: 'build-whisper',
      sourceLocationOverride: 'assets/whisper.zip',
      environmentVariablesOverride: expect.arrayContaining([
        { name: 'TARGET', value: 'whisper', type: 'PLAINTEXT' },
      ]) as unknown,
    });
    expect(await ready(requested)).toEqual({ IsComplete: false });
    const Digest = images.push('abc');
    builds.end('SUCCEEDED');
    expect(await ready(requested)).toMatchObject({ IsComplete: true, Data: { Digest } });
  });

  test('is built once for two concurrent stacks, and tagged for each', async () => {
    const other = { HeldAs: 'in-use-Spotscribe-Hybrid' };
    const [one, two] = await Promise.all([ask(), ask(other)]);
    expect(two?.BuildId).toBe(one?.BuildId);
    const digest = images.push('abc');
    builds.end('SUCCEEDED');
    await Promise.all([ready(one), ready(two, other)]);
    expect([tagged(REQUEST.HeldAs), tagged(other.HeldAs)]).toEqual([digest, digest]);
  });

  test('fails the deployment with the end of the build’s log, a link and the runbook', async () => {
    const requested = await ask();
    builds.log = ['ERROR: no matching distribution'];
    builds.end('FAILED');
    const failure = ready(requested);
    await expect(failure).rejects.toThrow('ERROR: no matching distribution');
    await expect(failure).rejects.toThrow('/projects/build-whisper/build/');
    await expect(failure).rejects.toThrow('docs/runbook.md, "A deployment’s build fails"');
  });

  test('is built again by the next deployment', async () => {
    const failed = await ask();
    builds.end('FAILED');
    const again = await ask();
    expect(again.BuildId).not.toBe(failed.BuildId);
    expect(await ready(again)).toEqual({ IsComplete: false });
  });

  test('is found after its build failed, if another build pushed it first', async () => {
    const requested = await ask();
    images.push('abc');
    builds.end('FAILED');
    expect(await ready(requested)).toMatchObject({ IsComplete: true });
  });

  test('fails the deployment if its build succeeded without pushing it', async () => {
    const requested = await ask();
    builds.end('SUCCEEDED');
    await expect(ready(requested)).rejects.toThrow(
      /image whisper:abc does not exist, although its build succeeded/,
    );
  });
});

describe('an image whose build CodeBuild cannot start', () => {
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  beforeEach(() => {
    builds.refusal = new AwsError(
      'AccountLimitExceededException',
      'Cannot have more than 1 builds in queue for the account',
    );
  });

  test('is waited for, and built once the account may build', async () => {
    const requested = await ask();
    expect(requested.PhysicalResourceId).toBe('whisper:in-use-Spotscribe-DockerGpu');
    expect(await ready(requested)).toEqual({ IsComplete: false });
    builds.refusal = undefined;
    expect(await ready(requested)).toEqual({ IsComplete: false });
    expect(builds.builds[0]?.input).toMatchObject({ sourceLocationOverride: 'assets/whisper.zip' });
    const Digest = images.push('abc');
    builds.end('SUCCEEDED');
    expect(await ready(requested)).toMatchObject({ IsComplete: true, Data: { Digest } });
  });

  test('fails the deployment in the end, with the quota’s name, its value and the remedy', async () => {
    const requested = await ask();
    expect(await ready({ ...requested, RequestedAt: minutesAgo(50) })).toEqual({ IsComplete: false });
    const failure = ready({ ...requested, RequestedAt: minutesAgo(58) });
    await expect(failure).rejects.toThrow(
      'the account’s quota "Concurrently running builds for Linux/Medium environment" is 1',
    );
    await expect(failure).rejects.toThrow('docs/runbook.md, "CodeBuild starts no build"');
  });

  test('can be rolled back and replaced while no build starts', async () => {
    const digest = images.push('abc');
    await ready(await ask());
    const update = (Tag: string, left: string): ReadyEvent =>
      ({
        ...event({ Tag }, 'Update'),
        OldResourceProperties: { ...REQUEST, Tag: left },
      }) as unknown as ReadyEvent;
    const asked = await requestImage(update('def', 'abc'), dependencies, tools);
    expect(await imageReady({ ...update('def', 'abc'), ...asked }, dependencies)).toEqual({
      IsComplete: false,
    });
    const back = await requestImage(update('abc', 'def'), dependencies, tools);
    // For a new id, CloudFormation would delete the old resource, and with it the stack's tag.
    expect(back.PhysicalResourceId).toBe(asked.PhysicalResourceId);
    expect(await imageReady({ ...update('abc', 'def'), ...back }, dependencies)).toMatchObject({
      IsComplete: true,
      Data: { Digest: digest },
    });
  });

  test('is waited for while ECR throttles', async () => {
    builds.refusal = undefined;
    const { DescribeImages } = aws.operations;
    aws.operations.DescribeImages = () => new AwsError('ThrottlingException', 'Rate exceeded');
    const requested = await ask();
    builds.end('SUCCEEDED');
    expect(await ready(requested)).toEqual({ IsComplete: false });
    aws.operations.DescribeImages = DescribeImages!;
    images.push('abc');
    expect(await ready(requested)).toMatchObject({ IsComplete: true });
    expect(builds.builds).toHaveLength(1);
  });

  test('that still builds before CloudFormation’s timeout is named, with a link to its build', async () => {
    builds.refusal = undefined;
    const failure = ready({ ...(await ask()), RequestedAt: minutesAgo(58) });
    await expect(failure).rejects.toThrow(/is still running: .*Deploy again when it has finished/);
  });
});

describe('an image for another platform', () => {
  test('is refused with the remedy', async () => {
    images.push('abc', { os: 'linux', architecture: 'arm64' });
    await expect(ready(await ask())).rejects.toThrow(
      'The image is built for linux/arm64, but the machines are linux/amd64: build it with --platform linux/amd64',
    );
  });

  test('is skipped in a list: the image for the machines is chosen, not an attestation', async () => {
    const own = images.push('own');
    const list = (...manifests: object[]) => ({ manifests });
    const attestation = { digest: 'sha256:1', platform: { os: 'unknown', architecture: 'unknown' } };
    const foreign = { digest: 'sha256:2', platform: { os: 'linux', architecture: 'arm64' } };
    const ours = { digest: own, platform: { os: 'linux', architecture: 'amd64' } };
    images.pushManifest('abc', list(attestation, foreign, ours));
    expect(await ready(await ask())).toMatchObject({ IsComplete: true, Data: { Digest: own } });
    images.pushManifest('def', list(attestation, foreign));
    await expect(ready(await ask({ Tag: 'def' }), { Tag: 'def' })).rejects.toThrow(
      'unknown/unknown, linux/arm64',
    );
  });
});

describe('an image with severe findings', () => {
  beforeEach(() => {
    images.push('abc');
    images.scans = severe(['CVE-1', 'CRITICAL'], ['CVE-2', 'HIGH']);
  });

  test('is refused with their names and the remedy, and not tagged', async () => {
    const refused = ready(await ask());
    await expect(refused).rejects.toThrow(
      'whisper:abc is refused for findings of severity CRITICAL: CVE-1 (CRITICAL). ',
    );
    await expect(refused).rejects.toThrow('"acceptedFindings"');
    expect(tagged(REQUEST.HeldAs)).toBeUndefined();
    await expect(ready(await ask(), { ScanGate: 'HIGH' })).rejects.toThrow('CVE-1 (CRITICAL), CVE-2 (HIGH)');
  });

  test('passes if each is accepted, and the answer has the reasons', async () => {
    const AcceptedFindings = [{ id: 'CVE-1', reason: 'not reachable' }];
    expect(await ready(await ask(), { AcceptedFindings })).toMatchObject({
      Data: { Scan: 'findings of severity CRITICAL accepted: CVE-1: not reachable' },
    });
  });

  test('passes in the rollback of a stack that runs it', async () => {
    images.scans = severe();
    const digest = tagged('abc');
    await ready(await ask());
    images.scans = severe(['CVE-3', 'CRITICAL']);
    images.push('def');
    const update = (Tag: string, left: string): ReadyEvent =>
      ({
        ...event({ Tag }, 'Update'),
        OldResourceProperties: { ...REQUEST, Tag: left },
      }) as unknown as ReadyEvent;
    await expect(imageReady(update('def', 'abc'), dependencies)).rejects.toThrow('CVE-3');
    // CloudFormation's rollback.
    expect(await imageReady(update('abc', 'def'), dependencies)).toMatchObject({
      IsComplete: true,
      Data: { Digest: digest },
    });
    expect(tagged(REQUEST.HeldAs)).toBe(digest);
    // A stricter gate applies to the same image.
    await expect(imageReady(update('abc', 'abc'), dependencies)).rejects.toThrow('CVE-3');
  });

  test('passes if the gate is off', async () => {
    expect(await ready(await ask(), { ScanGate: 'off' })).toMatchObject({ Data: { Scan: 'disabled' } });
    expect(aws.inputs('DescribeImageScanFindings')).toEqual([]);
  });

  test('is refused for findings on later pages and from Inspector, too', async () => {
    images.scans = [
      { imageScanFindings: { findings: [] }, nextToken: '1' },
      {
        imageScanStatus: { status: 'ACTIVE' },
        imageScanFindings: {
          enhancedFindings: [
            { title: 'x', severity: 'CRITICAL', packageVulnerabilityDetails: { vulnerabilityId: 'CVE-9' } },
          ],
        },
      },
    ];
    await expect(ready(await ask())).rejects.toThrow('CVE-9 (CRITICAL)');
  });
});

test('an image is waited for while it is scanned, and passes if it cannot be scanned', async () => {
  images.push('abc');
  images.scans = undefined;
  expect(await ready(await ask())).toEqual({ IsComplete: false });
  images.scans = [{ imageScanStatus: { status: 'IN_PROGRESS' } }];
  expect(await ready(await ask())).toEqual({ IsComplete: false });
  images.scans = [{ imageScanStatus: { status: 'FAILED', description: 'UnsupportedImageError' } }];
  expect(await ready(await ask())).toMatchObject({
    IsComplete: true,
    Data: { Scan: 'not scanned: FAILED (UnsupportedImageError)' },
  });
});
