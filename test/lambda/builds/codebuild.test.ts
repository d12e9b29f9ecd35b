import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { type AskedBuild, askForBuild, followBuild, NotYet } from '../../../lambda/builds/asked-build';
import { buildState } from '../../../lambda/builds/build-state';
import type { BuildRequest } from '../../../core/images/build-request';
import { AwsError, FakeAws } from '../../support/fake-aws';
import { FakeCodeBuild } from '../../support/fake-codebuild';

const aws = new FakeAws();
let service: FakeCodeBuild;
let codebuild: CodeBuildClient;
let logs: CloudWatchLogsClient;

beforeAll(() => aws.start());
afterAll(() => aws.stop());
beforeEach(() => {
  service = new FakeCodeBuild();
  aws.operations = service.operations;
  codebuild = new CodeBuildClient(aws.client);
  logs = new CloudWatchLogsClient(aws.client);
});

const request: BuildRequest = {
  project: 'whisper',
  machine: 'Linux/Medium',
  key: 'abc',
  environment: { TARGET: 'whisper' },
};
const ask = (change: Partial<BuildRequest> = {}) => askForBuild(codebuild, { ...request, ...change });
const once = async (change?: Partial<BuildRequest>) => (await ask(change)).BuildId ?? '';
const follow = (asked: AskedBuild) => followBuild({ codebuild, logs }, asked, request);
const state = (id: string) => buildState({ codebuild, logs }, id);

describe('a build', () => {
  test('is started with its variables, and with its source if it has one', async () => {
    await once({ source: 'assets/sources.zip' });
    expect(service.builds[0]?.input).toMatchObject({
      projectName: 'whisper',
      sourceTypeOverride: 'S3',
      sourceLocationOverride: 'assets/sources.zip',
      environmentVariablesOverride: expect.arrayContaining([
        { name: 'TARGET', value: 'whisper', type: 'PLAINTEXT' },
      ]) as unknown,
    });
    await once({ key: 'def' });
    expect(service.builds[1]?.input).not.toHaveProperty('sourceTypeOverride');
  });

  test('is shared by all requests with the same key', async () => {
    const ids = await Promise.all([once(), once(), once()]);
    expect(new Set([...ids, await once()]).size).toBe(1);
    expect(service.builds).toHaveLength(1);
  });

  test('is a different one for another key', async () => {
    expect(await once({ key: 'def' })).not.toBe(await once());
    expect(service.builds).toHaveLength(2);
  });

  test.each(['FAILED', 'STOPPED', 'SUCCEEDED'])(
    'that ended with %s is followed by a new one',
    async (end) => {
      const first = await once();
      service.end(end);
      const again = await Promise.all([once(), once()]);
      expect(again[0]).not.toBe(first);
      expect(again[1]).toBe(again[0]);
    },
  );
});

describe('the state of a build', () => {
  test('is running, then succeeded', async () => {
    const id = await once();
    expect(await state(id)).toEqual({
      state: 'running',
      text: expect.stringContaining('/projects/whisper/build/whisper%3A0000-1') as unknown,
    });
    service.end('SUCCEEDED');
    expect(await state(id)).toEqual({ state: 'succeeded' });
  });

  test('is failed, with the last lines of its log and a link to it', async () => {
    const id = await once();
    service.log = Array.from({ length: 60 }, (_, line) => `line ${line}\n`);
    service.end('FAILED', [
      { phaseType: 'SUBMITTED', phaseStatus: 'SUCCEEDED' },
      { phaseType: 'BUILD', phaseStatus: 'FAILED', contexts: [{ message: 'exit status 1' }] },
    ]);
    const failed = await state(id);
    const text = failed.state === 'failed' ? failed.text : '';
    expect(text).toContain('The build whisper:0000-1 ended with FAILED in BUILD (exit status 1).');
    expect(text).toContain('line 45\nline 46');
    expect(text).toContain('line 59\n');
    expect(text).not.toContain('line 44\n');
    expect(text).toContain(
      'https://eu-central-1.console.aws.amazon.com/codesuite/codebuild/123456789012/projects/whisper/build/whisper%3A0000-1',
    );
  });

  test('fits into CloudFormation’s limit, even with long lines in the log', async () => {
    const id = await once();
    service.log = Array.from({ length: 60 }, () => 'x'.repeat(5000));
    service.end('FAILED');
    expect(await state(id)).toMatchObject({
      state: 'failed',
      text: expect.stringMatching(/^[^]{1500,2500}$/) as unknown,
    });
  });

  test('is described without a log if there is none', async () => {
    const id = await once();
    service.end('FAULT');
    expect(await state(id)).toMatchObject({ text: expect.stringContaining('It has no log.') as unknown });
    service.log = undefined;
    expect(await state(id)).toMatchObject({ text: expect.stringContaining('could not be read') as unknown });
  });

  test('is failed for an unknown build', async () => {
    expect(await state('whisper:gone')).toMatchObject({
      state: 'failed',
      text: 'The build whisper:gone no longer exists: deploy again to start a new one',
    });
  });
});

describe('a build that CodeBuild refuses to start', () => {
  const limit = new AwsError(
    'AccountLimitExceededException',
    'Cannot have more than 1 builds in queue for the account',
  );

  test.each([
    ['the quota', limit],
    ['a quota of 0', new AwsError(limit.name, 'Cannot have more than 0 builds in queue for the account')],
    ['throttling', new AwsError('ThrottlingException', 'Rate exceeded')],
    [
      'a service-linked role that is being created',
      new AwsError('InvalidInputException', 'Unable to assume the service linked role.'),
    ],
    [
      'a role that is not visible yet',
      new AwsError('InvalidInputException', 'CodeBuild is not authorized to perform: sts:AssumeRole on r'),
    ],
  ])('is started as soon as possible, and only once: %s', async (_, refusal) => {
    service.refusal = refusal;
    const asked = await ask();
    expect(asked.BuildId).toBeUndefined();
    await expect(follow(asked)).rejects.toThrow(NotYet);
    expect(service.builds).toEqual([]);
    service.refusal = undefined;
    // CodeBuild lists a new build late.
    service.listed = false;
    expect(await follow(asked)).toMatchObject({ state: 'running' });
    expect(await follow(asked)).toMatchObject({ state: 'running' });
    service.listed = true;
    expect(await follow(asked)).toMatchObject({ state: 'running' });
    expect(service.builds).toHaveLength(1);
    service.end('SUCCEEDED');
    expect(await follow(asked)).toEqual({ state: 'succeeded' });
    expect(service.builds).toHaveLength(1);
  });

  test('is not mistaken for an earlier failed one, and is not restarted after its own failure', async () => {
    await once();
    service.end('FAILED');
    service.refusal = limit;
    const asked = await ask();
    service.refusal = undefined;
    expect(await follow(asked)).toMatchObject({ state: 'running' });
    service.end('FAILED');
    expect(await follow(asked)).toMatchObject({
      state: 'failed',
      text: expect.stringContaining('whisper:0000-2 ended with FAILED') as unknown,
    });
    expect(service.builds).toHaveLength(2);
  });

  test('is shared by two waiting deployments', async () => {
    service.refusal = limit;
    const asked = await Promise.all([ask(), ask()]);
    service.refusal = undefined;
    for (const each of [...asked, ...asked]) expect(await follow(each)).toMatchObject({ state: 'running' });
    expect(service.builds).toHaveLength(1);
  });

  test('is started even if CodeBuild could not list earlier builds at first', async () => {
    await once();
    service.end('FAILED');
    const { ListBuildsForProject } = aws.operations;
    aws.operations.ListBuildsForProject = () => new AwsError('ThrottlingException', 'Rate exceeded');
    const asked = await ask();
    aws.operations.ListBuildsForProject = ListBuildsForProject!;
    for (let times = 0; times < 3; times++) expect(await follow(asked)).toMatchObject({ state: 'running' });
    expect(service.builds).toHaveLength(2);
    service.builds.at(-1)!.startTime = Date.now() / 1000 + 1;
    service.end('FAILED');
    expect(await follow(asked)).toMatchObject({ state: 'failed' });
  });

  test('for a permanent reason fails the deployment at once', async () => {
    service.refusal = new AwsError('ResourceNotFoundException', 'Project cannot be found');
    await expect(ask()).rejects.toThrow('Project cannot be found');
  });
});
