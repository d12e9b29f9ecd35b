import { setTimeout as sleep } from 'node:timers/promises';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { JobView } from '../../../core/contract/job';
import { usageId } from '../../../core/contract/keys';
import { completeUpload } from '../../../lambda/api/complete-upload';
import { httpHandler } from '../../../lambda/frame/http';
import { submitJob } from '../../../lambda/api/submit-job';
import { dayOf } from '../../../core/usage/quota';
import {
  AT_ONCE,
  AUDIO,
  bucket,
  client,
  expectNotReady,
  jobs,
  machines,
  onlyJob,
  queuedJob,
  send,
  store,
  succeed,
  table,
  type Options,
  useServers,
  usedSeconds,
} from '../../support/recording-requests';
import { bodyOf, errorOf, lambdaContext, request, TABLE } from '../../support/support';

useServers();

describe('slow storage', () => {
  let released: () => void = () => undefined;
  /** Blocks operations until the test releases them. */
  const held = (): Promise<void> => new Promise((resolve) => (released = resolve));
  const answered = { 'x-spotscribe-audio-seconds': '6.4' };
  const awake = () => machines.answers(200, 'application/json', '{"text":"in place"}', answered);

  /**
   * The answer of a request that could not store the recording in time, and the job that it names.
   */
  async function notKept(options: Options = {}) {
    const response = await send({}, { limits: { keepSeconds: 1.5, jobSeconds: 0 }, quota: 600, ...options });
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject({ 'retry-after': expect.stringMatching(/^\d+$/) });
    expect(errorOf(response)).toMatchObject({ type: 'server_error' });
    return response.headers!['x-spotscribe-job'] as string | undefined;
  }

  test.each<[string, () => void]>([
    ['stores the recording late', () => (bucket.putGate = held)],
    [
      'stores the row late',
      () => (table.before = (what) => (what === 'TransactWriteItems' ? held() : sleep(0))),
    ],
    [
      'confirms the stored row late',
      () => (table.after = (what) => (what === 'TransactWriteItems' ? held() : sleep(0))),
    ],
    ['marks the job late', () => (table.before = (what) => (what === 'UpdateItem' ? held() : sleep(0)))],
  ])('names the job that may exist, and a retry waits for it: it %s', async (_, slow) => {
    slow();
    const named = await notKept();
    expect(named).toMatch(/^job_/);
    released();
    table.before = table.after = async () => undefined;
    bucket.putGate = async () => undefined;
    // The delayed operation completes.
    while (jobs().length === 0) await sleep(5);
    const again = await send({}, { limits: AT_ONCE, quota: 600 });
    expectNotReady(again, named!);
    const row = await queuedJob();
    expect(row.id).toBe(named);
    expect(bucket.objects.get(row.input_key)).toEqual(AUDIO);
    await succeed(row);
    expect((await send({}, { quota: 600 })).statusCode).toBe(200);
    expect(jobs()).toEqual([named]);
    expect(await usedSeconds()).toBe(6.4);
  });

  test('starts nothing after the answer', async () => {
    table.before = (what) => (what === 'TransactWriteItems' ? held() : sleep(0));
    await notKept();
    released();
    while (jobs().length === 0) await sleep(5);
    await sleep(50);
    expect(bucket.objects.size).toBe(0);
    expect(await onlyJob()).toMatchObject({ status: 'awaiting_upload' });
  });

  test('names no job if none was started', async () => {
    const refused = jest
      .spyOn(store, 'createOnce')
      .mockRejectedValue(Object.assign(new Error(), { name: 'ThrottlingException' }));
    expect(await notKept()).toBeUndefined();
    refused.mockRestore();
    expect(jobs()).toEqual([]);
  });

  describe('of the jobs’ API', () => {
    const media = () => ({
      ...{ store, s3: bucket.client(), bucket: 'media' },
      voices: { list: async () => [] },
    });
    const limits = {
      maxUploadBytes: 1e9,
      deployed: { transcription: {} },
      uploadExpirySeconds: 900,
      retentionDays: 7,
      maxAudioSeconds: 36_000,
    };
    // One second of it is left for the answer.
    const context = { ...lambdaContext, getRemainingTimeInMillis: () => 2000 };
    const submit = (body: object, time = lambdaContext, headers = {}) =>
      httpHandler(() => ({ ...media(), ...limits }), submitJob)(
        request({ body: JSON.stringify(body), headers }),
        time,
      );
    const PARTED = { size: 10_000_000, multipart: true };

    test.each<[string, object, () => void]>([
      ['stores the row', {}, () => (table.after = held)],
      [
        'stores the row with a key',
        {},
        () => (table.after = (what) => (what === 'GetItem' ? sleep(0) : held())),
      ],
      ['begins the upload', PARTED, () => (bucket.beginGate = held)],
      [
        'records the upload',
        PARTED,
        () => (table.before = (what) => (what === 'UpdateItem' ? held() : sleep(0))),
      ],
    ])('names the job that a request created: it %s late', async (what, body, slow) => {
      slow();
      const key = what.endsWith('key') ? { 'idempotency-key': 'k1' } : {};
      const response = await submit(body, context, key);
      expect(response.statusCode).toBe(503);
      expect(errorOf(response)).toMatchObject({ code: 'busy', job_id: jobs()[0] });
      expect(response.headers).toMatchObject({ 'x-spotscribe-job': jobs()[0], 'retry-after': '2' });
      released();
    });

    test('names no job if none was created', async () => {
      jest
        .spyOn(store, 'create')
        .mockRejectedValue(Object.assign(new Error(), { name: 'ThrottlingException' }));
      const response = await submit({});
      expect(response.statusCode).toBe(503);
      expect(response.headers).not.toHaveProperty('x-spotscribe-job');
      expect(errorOf(response)).not.toHaveProperty('job_id');
    });

    test('names the job whose upload could not be completed in time, and completes it the next time', async () => {
      const { id } = bodyOf<JobView>(await submit({ size: 10, multipart: true }));
      const [, parts] = [...bucket.uploads].find(([name]) => name.includes(id))!;
      parts.set(1, Buffer.alloc(10));
      const etag = '"a63c90cc3684ad8b0a2176a6a8fe9005"';
      const complete = (time: typeof lambdaContext) =>
        httpHandler(media, completeUpload)(
          request({ id, body: JSON.stringify({ parts: [{ number: 1, etag }] }) }),
          time,
        );
      table.before = (what) => (what === 'UpdateItem' ? held() : sleep(0));
      const late = await complete(context);
      expect(late.statusCode).toBe(503);
      expect(late.headers).toMatchObject({ 'x-spotscribe-job': id });
      table.before = async () => undefined;
      expect(bodyOf(await complete(lambdaContext))).toMatchObject({ id, status: 'awaiting_upload' });
      released();
    });
  });

  test('of jobs does not keep a machine from answering, and nothing is counted twice', async () => {
    awake();
    await client.send(
      new UpdateCommand({
        TableName: TABLE,
        Key: { id: usageId('key_1', dayOf(new Date())) },
        UpdateExpression: 'ADD #seconds :seconds',
        ExpressionAttributeNames: { '#seconds': 'seconds' },
        ExpressionAttributeValues: { ':seconds': 1 },
      }),
    );
    const lost = jest.spyOn(store, 'remembered').mockRejectedValue(new Error('reset'));
    expect(bodyOf(await send())).toEqual({ text: 'in place' });
    lost.mockRestore();
    expect(await usedSeconds()).toBe(1);
    expect(bodyOf(await send())).toEqual({ text: 'in place' });
    expect(await usedSeconds()).toBe(7.4);
  });
});
