import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { type Filling, fillModels } from '../../../lambda/models/fill-models';
import type { FillRequest } from '../../../core/models/fill-request';
import { MODEL_KEY, type WantedModel } from '../../../core/models/model-layout';
import { type Filled, modelsFilled } from '../../../lambda/models/models-filled';
import { ObjectServer } from '../../support/object-server';
import { AwsError, FakeAws } from '../../support/fake-aws';
import { FakeCodeBuild } from '../../support/fake-codebuild';
import { quietTools } from '../../support/support';

const aws = new FakeAws();
const store = new ObjectServer();
let builds: FakeCodeBuild;

beforeAll(() => Promise.all([aws.start(), store.start()]));
afterAll(() => Promise.all([aws.stop(), store.stop()]));
beforeEach(() => {
  builds = new FakeCodeBuild();
  aws.operations = builds.operations;
  store.objects.clear();
});

const turbo: WantedModel = { name: 'turbo', revision: '1', required: true };
const speakers: WantedModel = { name: 'diarization', revision: '1', required: false };
const bring = (model: WantedModel) => store.objects.set(MODEL_KEY.manifest(model), Buffer.from('{}'));

type Event = Parameters<typeof modelsFilled>[0];
const event = (RequestType = 'Create', models = [turbo, speakers]): Event =>
  ({
    RequestType,
    PhysicalResourceId: 'models-of-fill',
    ResourceProperties: {
      Bucket: 'models',
      Models: JSON.stringify(models),
      Project: 'fill',
    } satisfies FillRequest,
  }) as unknown as Event;
const dependencies = () => ({
  s3: store.client(),
  codebuild: new CodeBuildClient(aws.client),
  logs: new CloudWatchLogsClient(aws.client),
});
const ask = (given?: Event): Promise<Filling> => fillModels(given ?? event(), dependencies(), quietTools());
const look = (filling: Filling, given = event()): Promise<Filled> =>
  modelsFilled({ ...given, ...filling }, dependencies());

describe('the models of a deployment', () => {
  test('are not downloaded if they exist', async () => {
    [turbo, speakers].forEach(bring);
    const filling = await ask();
    expect(filling.BuildId).toBeUndefined();
    expect(builds.builds).toEqual([]);
    expect(await look(filling)).toEqual({ IsComplete: true, Data: { LeftOut: 'none' } });
  });

  test('are downloaded if missing, and once for two concurrent deployments', async () => {
    bring(turbo);
    const [one, other] = await Promise.all([ask(), ask()]);
    expect(one.BuildId).toBe(other.BuildId);
    const variables = builds.builds[0]?.environment.environmentVariables;
    const wanted = variables?.find(({ name }) => name === 'MODELS')?.value;
    expect(JSON.parse(wanted ?? '')).toEqual([speakers]);
    expect(await look(one)).toEqual({ IsComplete: false });
  });

  test('may lack an optional model, which the stack’s output names', async () => {
    const filling = await ask();
    bring(turbo);
    builds.end('SUCCEEDED');
    expect(await look(filling)).toEqual({ IsComplete: true, Data: { LeftOut: 'diarization' } });
  });

  test('fail the deployment without a required one, with the end of the log and the runbook', async () => {
    const filling = await ask();
    builds.log = ['turbo@1: failed: https://hub was refused: 503'];
    builds.end('FAILED');
    await expect(look(filling)).rejects.toThrow(
      /turbo@1: failed: https:\/\/hub was refused: 503[^]*Missing in the bucket models: turbo\. What to do: docs\/runbook\.md/,
    );
  });

  test('are downloaded as soon as CodeBuild can start a build, and only once', async () => {
    builds.refusal = new AwsError(
      'AccountLimitExceededException',
      'Cannot have more than 0 builds in queue for the account',
    );
    const filling = await ask();
    expect(await look(filling)).toEqual({ IsComplete: false });
    const RequestedAt = new Date(Date.now() - 58 * 60_000).toISOString();
    await expect(look({ ...filling, RequestedAt })).rejects.toThrow(
      /"Concurrently running builds for Linux\/Small environment" is 0 .*docs\/runbook\.md, "CodeBuild starts no build"/,
    );
    builds.refusal = undefined;
    expect(await look(filling)).toEqual({ IsComplete: false });
    // A model that arrives in the meantime does not change the build's key.
    bring(turbo);
    expect(await look(filling)).toEqual({ IsComplete: false });
    expect(builds.builds).toHaveLength(1);
    bring(speakers);
    builds.end('SUCCEEDED');
    expect(await look(filling)).toEqual({ IsComplete: true, Data: { LeftOut: 'none' } });
  });

  test('are kept when the stack is deleted', async () => {
    bring(turbo);
    expect(await ask(event('Delete'))).toEqual({ PhysicalResourceId: 'models-of-fill' });
    expect(await look({ PhysicalResourceId: 'x' }, event('Delete'))).toEqual({ IsComplete: true });
    expect(store.objects.size).toBe(1);
  });
});
