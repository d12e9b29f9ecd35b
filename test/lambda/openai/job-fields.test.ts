import type { JobOptions } from '../../../core/contract/work/options';
import diarized from '../../fixtures/contract/Transcript.diarized.json';
import {
  AT_ONCE,
  expectNotReady,
  onlyJob,
  send,
  succeed,
  type Options,
  useServers,
} from '../../support/recording-requests';
import { bodyOf, errorOf } from '../../support/support';

useServers();

describe('the transcript of a job', () => {
  const made = async (fields: Record<string, string> = {}, options: Options = {}) => {
    await send(fields, { headers: { prefer: 'respond-async' }, ...options });
    const row = await onlyJob();
    await succeed(row);
    return row.id;
  };

  test.each<[granularities: string | undefined, words: boolean, segments: boolean]>([
    [undefined, false, true],
    ['segment', false, true],
    ['word', true, false],
  ])('has the granularities of timestamp_granularities: %s', async (granularities, words, segments) => {
    const job = await made();
    const response = await send({
      job,
      response_format: 'verbose_json',
      ...(granularities !== undefined && { 'timestamp_granularities[]': granularities }),
    });
    expect(response.statusCode).toBe(200);
    const answer = bodyOf<{ words?: unknown; segments?: unknown }>(response);
    expect([answer.words !== undefined, answer.segments !== undefined]).toEqual([words, segments]);
  });

  test.each<[param: string, fields: Record<string, string>]>([
    ['language', { language: 'de' }],
    ['diarize', { diarize: 'true' }],
    ['diarize', { response_format: 'diarized_json' }],
    ['prompt', { prompt: 'x' }],
    ['temperature', { temperature: '0.4' }],
    ['timestamp_granularities', { 'timestamp_granularities[]': 'word' }],
    ['timestamp_granularities.0', { 'timestamp_granularities[]': 'letter', response_format: 'verbose_json' }],
    ['callback', { callback: 'x' }],
    ['max_line_width', { max_line_width: '1', response_format: 'srt' }],
    ['stream', { stream: 'true', response_format: 'srt' }],
  ])('is refused with an unsupported field: %s of %j', async (param, fields) => {
    const response = await send({ job: await made(), ...fields });
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ param, code: 'invalid_request' });
  });

  test('is returned if the options match the job’s', async () => {
    const options: JobOptions = { language: 'de', diarize: true };
    const fields = { language: 'de', response_format: 'diarized_json' };
    const job = await made(fields);
    expect(await onlyJob()).toMatchObject({ options });
    expect((await send({ job, ...fields })).statusCode).toBe(200);
    expect((await send({ job })).statusCode).toBe(200);
  });

  test('with separate channels has speakers without diarization', async () => {
    const options: JobOptions = { language: 'de', channels: 'separate' };
    const job = await made({ language: 'de', channels: 'separate', response_format: 'diarized_json' });
    expect(await onlyJob()).toMatchObject({ options });
    for (const more of [{}, { channels: 'separate' }] as Record<string, string>[]) {
      expect((await send({ job, response_format: 'diarized_json', ...more })).statusCode).toBe(200);
    }
    expect(errorOf(await send({ job, channels: 'mixed' }))).toMatchObject({ param: 'channels' });
  });

  test('is an error before it is ready, unless a job is an accepted answer', async () => {
    await send({}, { headers: { prefer: 'respond-async' } });
    const { id } = await onlyJob();
    expectNotReady(await send({ job: id }, { limits: AT_ONCE }), id);
    const response = await send({ job: id }, { query: { async: 'true' } });
    expect(response).toMatchObject({ statusCode: 202, headers: { 'x-spotscribe-job': id } });
    const answer = send({ job: id });
    await succeed(await onlyJob());
    expect(bodyOf(await answer)).toMatchObject({ text: diarized.text });
  });
});
