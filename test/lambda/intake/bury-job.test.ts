import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { buryJobs, type Dependencies } from '../../../lambda/intake/bury-job';
import type { JobRow } from '../../../core/contract/job';
import { MAX_FAILURES } from '../../../core/contract/limits';
import { JobStore } from '../../../core/jobs/job-store';
import { StoredObjects } from '../../../core/jobs/stored-objects';
import {
  awsError,
  conditionFailed,
  ended,
  JOB_ID,
  listed,
  NOW_SECONDS,
  quietTools,
  row,
  TABLE,
} from '../../support/support';

const dynamo = mockClient(DynamoDBDocumentClient);
const events = mockClient(EventBridgeClient);
const s3 = mockClient(S3Client);
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  events: new EventBridgeClient(),
  objects: new StoredObjects(new S3Client(), 'media', () => undefined),
  path: 'DockerGpu',
};
const tools = quietTools();
const letter = (jobId: unknown = JOB_ID, version = 1, failures = MAX_FAILURES) =>
  JSON.stringify({ version, job_id: jobId, failures });

/** Returns which of these messages are to be retried. */
async function bury(...bodies: string[]): Promise<string[]> {
  const Records = bodies.map((body, index) => ({ messageId: `letter-${index}`, body }));
  const answer = await buryJobs({ Records } as unknown as SQSEvent, dependencies, tools);
  return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

const announced = () =>
  events
    .commandCalls(PutEventsCommand)
    .flatMap(({ args }) =>
      args[0].input.Entries!.map((entry) => ({ ...entry, Detail: JSON.parse(entry.Detail!) })),
    );
const exhausted = ended('failed', {
  error: { code: 'attempts_exhausted', message: 'The job failed after 5 attempts' },
});

function settled(current: JobRow | undefined) {
  dynamo.on(UpdateCommand).rejects(conditionFailed());
  dynamo.on(GetCommand).resolves({ Item: current });
}

beforeEach(() => {
  dynamo.reset();
  events.reset();
  s3.reset();
  s3.on(ListObjectVersionsCommand).resolves({});
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
  dynamo.on(GetCommand).resolves({ Item: row({ status: 'queued' }) });
  dynamo.on(UpdateCommand).resolves({ Attributes: exhausted });
});

test('ends a retry with the results that the job has, and sends its event', async () => {
  const reason = 'The job failed after 5 attempts';
  settled(ended('succeeded', { degraded: [{ stage: 'analysis', reason }] }));
  expect(await bury(letter())).toEqual([]);
  expect(announced().map(({ DetailType }) => DetailType)).toEqual(['Spotscribe Job Succeeded']);
});

test('fails the job of a dead-letter message and sends its event', async () => {
  expect(await bury(letter())).toEqual([]);
  const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
  expect(Object.values(input.ExpressionAttributeValues!)).toEqual(
    expect.arrayContaining(['failed', exhausted.error]),
  );
  expect(announced()).toEqual([
    {
      Source: 'spotscribe',
      DetailType: 'Spotscribe Job Failed',
      Detail: {
        job_id: JOB_ID,
        tenant: 'acme',
        path: 'DockerGpu',
        status: 'failed',
        name: 'meeting.mp3',
        error: exhausted.error,
      },
    },
  ]);
});

test('says that workers were lost, not that the job failed', async () => {
  await bury(letter(JOB_ID, 1, MAX_FAILURES - 1));
  const { input } = dynamo.commandCalls(UpdateCommand)[0]!.args[0];
  expect(Object.values(input.ExpressionAttributeValues!)).toContainEqual({
    code: 'attempts_exhausted',
    message: 'The job was given up after 10 workers were lost with it',
  });
});

test('fails a job whose message no worker could parse', async () => {
  expect(await bury(letter(JOB_ID, 99))).toEqual([]);
  expect(announced()).toHaveLength(1);
});

test('waits while a worker holds the job', async () => {
  settled(row({ status: 'running', lease_until: (NOW_SECONDS + 60) * 1000 }));
  expect(await bury(letter())).toEqual(['letter-0']);
  expect(announced()).toEqual([]);
});

test.each(['succeeded', 'cancelled', 'expired'] as const)(
  'does not change a job that is %s',
  async (status) => {
    settled(ended(status));
    expect(await bury(letter())).toEqual([]);
    expect(announced()).toEqual([]);
  },
);

test('does not change a job that failed for another reason', async () => {
  settled(ended('failed', { error: { code: 'bad_audio', message: 'no' } }));
  expect(await bury(letter())).toEqual([]);
  expect(announced()).toEqual([]);
});

test('sends the event of a job that it failed earlier, if the bus rejected it then', async () => {
  events
    .on(PutEventsCommand)
    .resolvesOnce({ FailedEntryCount: 1, Entries: [{ ErrorMessage: 'full' }] })
    .resolves({ FailedEntryCount: 0 });
  expect(await bury(letter())).toEqual(['letter-0']);
  settled(exhausted);
  expect(await bury(letter())).toEqual([]);
  expect(events.commandCalls(PutEventsCommand)).toHaveLength(2);
});

test('erases the checkpoint before it sends the event, so that a failed deletion is retried', async () => {
  s3.on(ListObjectVersionsCommand).resolves({ Versions: [listed(`jobs/${JOB_ID}/checkpoint.json`)] });
  s3.on(DeleteObjectsCommand).resolves({ Errors: [{ Code: 'SlowDown', Message: 'slow' }] });
  expect(await bury(letter())).toEqual(['letter-0']);
  expect(announced()).toEqual([]);
  settled(exhausted);
  s3.on(DeleteObjectsCommand).resolves({});
  expect(await bury(letter())).toEqual([]);
  expect(announced()).toHaveLength(1);
});

test('touches no object while a worker holds the job', async () => {
  settled(row({ status: 'running', lease_until: (NOW_SECONDS + 60) * 1000 }));
  await bury(letter());
  expect(s3.calls()).toHaveLength(0);
});

test('drops the message of a deleted job', async () => {
  settled(undefined);
  expect(await bury(letter())).toEqual([]);
  expect(announced()).toEqual([]);
});

test.each(['', 'no JSON', 'null', '[]', '{}', letter(7), letter('job_1'), letter(`${JOB_ID}\n`)])(
  'keeps a letter that names no job: %j',
  async (body) => {
    expect(await bury(body)).toEqual(['letter-0']);
    expect(dynamo.calls()).toHaveLength(0);
  },
);

test('handles the other messages if one fails', async () => {
  const other = JOB_ID.replace('0', 'f');
  dynamo.on(UpdateCommand, { Key: { id: JOB_ID } }).rejects(awsError('ThrottlingException'));
  expect((await bury(letter(), letter(other), 'garbage')).sort()).toEqual(['letter-0', 'letter-2']);
  expect(announced()).toHaveLength(1);
});
