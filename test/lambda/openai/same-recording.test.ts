import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { JobRow } from '../../../core/contract/job';
import diarized from '../../fixtures/contract/Transcript.diarized.json';
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
  type Options,
  useServers,
  usedSeconds,
} from '../../support/recording-requests';
import { bodyOf, TABLE } from '../../support/support';

useServers();

const fail = ({ id }: JobRow) => store.fail(id, { code: 'bad_audio', message: 'no' }, new Date());

describe('the same recording sent again', () => {
  const first = async (fields = {}, options: Options = {}) => {
    expect((await send(fields, { limits: AT_ONCE, ...options })).statusCode).toBe(503);
    return onlyJob();
  };

  test('gets the result of its job in any format, without asking a machine', async () => {
    await succeed(await first());
    machines.answers(200, 'application/json', '{"text":"from a machine"}');
    for (const response_format of ['json', 'text', 'srt', 'vtt', 'verbose_json']) {
      const response = await send({ response_format });
      expect(response).toMatchObject({ statusCode: 200, headers: { 'x-spotscribe-job': jobs()[0] } });
    }
    expect(machines.came).toEqual([]);
    expect(jobs()).toHaveLength(1);
  });

  test('waits for its job while that is open', async () => {
    const row = await first();
    expectNotReady(await send({}, { limits: AT_ONCE }), row.id);
    const answer = send();
    await succeed(row);
    expect(bodyOf(await answer)).toMatchObject({ text: diarized.text });
    expect(jobs()).toEqual([row.id]);
  });

  test('is counted once', async () => {
    const row = await first({}, { quota: 600 });
    // Reserved by the bytes of the recording, which has no header.
    expect(await usedSeconds()).toBe(1);
    await succeed(row);
    for (let times = 0; times < 3; times++) {
      const response = await send({}, { quota: 600 });
      expect(response.headers).toMatchObject({ 'x-ratelimit-remaining-audio-seconds': '593' });
    }
    expect(await usedSeconds()).toBe(6.4);
  });

  test('is counted once even if machines answer each time', async () => {
    const after = { 'x-spotscribe-audio-seconds': '12.5' };
    machines.answers(200, 'application/json', '{"text":"hello"}', after);
    const answers = await Promise.all([1, 2, 3].map(() => send({}, { quota: 600 })));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(machines.came).toHaveLength(3);
    expect(await usedSeconds()).toBe(12.5);
    const response = await send({}, { quota: 600 });
    expect(response.headers).toMatchObject({ 'x-ratelimit-remaining-audio-seconds': '587' });
    await send({ language: 'de' });
    await send({}, { file: Buffer.from('other') });
    expect(await usedSeconds()).toBe(37.5);
  });

  const sendCounted = async () => {
    machines.answers(200, 'application/json', '{"text":"hello"}', { 'x-spotscribe-audio-seconds': '12.5' });
    expect((await send({}, { quota: 10 })).statusCode).toBe(200);
    expect(await usedSeconds()).toBe(12.5);
  };

  test('is answered again if its first answer used up the quota', async () => {
    await sendCounted();
    expect((await send({}, { quota: 10 })).statusCode).toBe(200);
    expect((await send({}, { quota: 10, file: Buffer.from('other') })).statusCode).toBe(429);
  });

  test('is not counted again by the job that it becomes', async () => {
    await sendCounted();
    machines.answers(503, 'application/json', '{}');
    const answer = send({}, { quota: 10 });
    await succeed(await queuedJob());
    expect((await answer).statusCode).toBe(200);
    expect(await usedSeconds()).toBe(12.5);
  });

  test('is counted again a quarter of an hour later', async () => {
    const recording = { sha256: 'a', measures: { audio_second: 10 } };
    const [now, later] = [Date.now(), Date.now() + 901_000].map((instant) => new Date(instant));
    expect(await store.usage.addOnce('key_2', recording, now!)).toBe(true);
    expect(await store.usage.addOnce('key_2', recording, now!)).toBe(false);
    expect(await store.usage.addOnce('key_2', recording, later!)).toBe(true);
  });

  test('is answered even if the quota is used up', async () => {
    await succeed(await first({}, { quota: 5 }));
    expect((await send({}, { quota: 5 })).statusCode).toBe(200);
    expect((await send({}, { quota: 5, file: Buffer.from('other') })).statusCode).toBe(429);
  });

  test('waits for the same job if it is sent concurrently', async () => {
    const answers = Promise.all(Array.from({ length: 5 }, () => send()));
    await succeed(await queuedJob());
    for (const answer of await answers) expect(bodyOf(answer)).toMatchObject({ text: diarized.text });
    expect(jobs()).toHaveLength(1);
  });

  test.each<Record<string, string>>([{ language: 'de' }, { diarize: 'true' }, { prompt: 'x' }])(
    'makes another job with other options: %j',
    async (fields) => {
      await first();
      await send(fields, { limits: AT_ONCE });
      expect(jobs()).toHaveLength(2);
    },
  );

  test('creates another job as a translation, and for another recording', async () => {
    await first();
    await send({}, { limits: AT_ONCE, path: '/v1/audio/translations' });
    await send({}, { limits: AT_ONCE, file: Buffer.from('other') });
    expect(jobs()).toHaveLength(3);
  });

  test.each<[string, (row: JobRow) => Promise<unknown>]>([
    ['failed', (row) => fail(row)],
    ['was cancelled', (row) => store.cancel(row.id, 'acme', new Date())],
    [
      'was erased',
      async (row) => (await store.cancel(row.id, 'acme', new Date()), store.erase(row.id, 'acme')),
    ],
  ])('creates a new job if the first one %s, and only one for concurrent requests', async (_, end) => {
    const row = await first();
    await end(row);
    const answers = await Promise.all(Array.from({ length: 3 }, () => send({}, { limits: AT_ONCE })));
    const [made, ...more] = jobs().filter((id) => id !== row.id);
    expect(more).toEqual([]);
    for (const answer of answers) expectNotReady(answer, made!);
  });

  test('stores the audio that the first request could not store', async () => {
    const row = await first();
    bucket.objects.clear();
    await client.send(new PutCommand({ TableName: TABLE, Item: { ...row, status: 'awaiting_upload' } }));
    expectNotReady(await send({}, { limits: AT_ONCE }), row.id);
    expect(bucket.objects.get(row.input_key)).toEqual(AUDIO);
  });
});
