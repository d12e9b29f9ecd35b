import type { JobRow } from '../../../core/contract/job';
import diarized from '../../fixtures/contract/Transcript.diarized.json';
import {
  AT_ONCE,
  AUDIO,
  bucket,
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
} from '../../support/recording-requests';
import { bodyOf, errorOf } from '../../support/support';

useServers();

const fail = ({ id }: JobRow, code: 'bad_audio' | 'attempts_exhausted' = 'bad_audio') =>
  store.fail(id, { code, message: 'no' }, new Date());

describe('a recording without a synchronous answer', () => {
  test.each<[format: string, fields: Record<string, string>, type: string, content: RegExp]>([
    [
      'json',
      {},
      'application/json',
      /^\{"text":"Take 250 .*","usage":\{"type":"duration","seconds":6\.4\}\}$/,
    ],
    ['text', {}, 'text/plain; charset=utf-8', /^Take 250 milligrams\. Mhm\. Twice a day\. Before meals\?\n$/],
    ['srt', {}, 'application/x-subrip; charset=utf-8', /^1\n00:00:00,480 --> /],
    ['vtt', {}, 'text/vtt; charset=utf-8', /^WEBVTT\n\n00:00:00\.480 --> /],
    ['verbose_json', {}, 'application/json', /^\{(?!.*"words").*"segments":\[\{/],
    [
      'verbose_json',
      { 'timestamp_granularities[]': 'word' },
      'application/json',
      /^\{(?!.*"segments").*"words":/,
    ],
    ['diarized_json', {}, 'application/json', /"type":"transcript\.text\.segment"/],
  ])('is answered as %s by its job: %j', async (response_format, fields, type, content) => {
    const answer = send({ response_format, ...fields });
    await succeed(await queuedJob());
    const { statusCode, headers, body } = await answer;
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'content-type': type, 'x-spotscribe-job': jobs()[0] });
    expect(body).toMatch(content);
  });

  test.each(['json', 'diarized_json'])(
    'is answered with events in the format %s',
    async (response_format) => {
      const answer = send({ stream: 'true', response_format });
      await succeed(await queuedJob());
      const { statusCode, headers, body = '' } = await answer;
      expect(statusCode).toBe(200);
      expect(headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8' });
      const events = body
        .trim()
        .split('\n\n')
        .map(
          (event) =>
            JSON.parse(event.replace(/^data: /, '')) as { type: string; delta?: string; text?: string },
        );
      const of = (type: string) => events.filter((event) => event.type === `transcript.text.${type}`);
      expect(
        of('delta')
          .map(({ delta }) => delta)
          .join(''),
      ).toBe(diarized.text);
      expect(of('segment')).toHaveLength(response_format === 'json' ? 0 : diarized.segments.length);
      expect(events.at(-1)).toMatchObject({ type: 'transcript.text.done', text: diarized.text });
    },
  );

  test.each<Record<string, string>>([
    {},
    { response_format: 'text' },
    { response_format: 'srt' },
    { stream: 'true' },
  ])('is an error when the time is up: %j', async (fields) => {
    const response = await send(fields, { limits: AT_ONCE });
    const row = await onlyJob();
    expect(row.status).toBe('queued');
    expect(bucket.objects.get(row.input_key)).toEqual(AUDIO);
    expectNotReady(response, row.id);
  });

  test.each([
    ['bad_audio', 422, 'invalid_request_error'],
    ['attempts_exhausted', 500, 'server_error'],
  ] as const)('is answered with the error of its job: %s', async (code, status, type) => {
    const answer = send();
    const row = await queuedJob();
    await fail(row, code);
    const response = await answer;
    expect(response.statusCode).toBe(status);
    expect(response.headers).toMatchObject({ 'x-should-retry': 'false', 'x-spotscribe-job': row.id });
    expect(errorOf(response)).toMatchObject({ code, type, message: expect.stringContaining(row.id) });
  });

  test('is not found if its job is deleted in the meantime', async () => {
    const answer = send();
    const { id } = await queuedJob();
    await store.cancel(id, 'acme', new Date());
    expect((await answer).statusCode).toBe(422);
    expect((await send({ job: id })).statusCode).toBe(422);
  });

  test('is refused where a job cannot do it: temperature', async () => {
    const response = await send({ temperature: '0.4', diarize: 'true' });
    expect(response.statusCode).toBe(503);
    expect(errorOf(response)).toMatchObject({
      param: 'temperature',
      message: expect.stringContaining('temperature'),
    });
    expect(response.headers).toMatchObject({ 'x-should-retry': 'false' });
    expect(jobs()).toEqual([]);
  });
});

describe('a caller who asks for a job', () => {
  test.each<Options>([{ headers: { prefer: 'respond-async' } }, { query: { async: 'true' } }])(
    'gets it with 202, and the same one again: %j',
    async (options) => {
      const response = await send({}, options);
      expect(response.statusCode).toBe(202);
      const row = await onlyJob();
      expect(response.headers).toMatchObject({ location: `/v1/jobs/${row.id}`, 'x-spotscribe-job': row.id });
      expect(bodyOf(response)).toMatchObject({ object: 'job', id: row.id, status: 'queued' });
      expect(bodyOf(await send({}, options))).toMatchObject({ id: row.id });
      expect(machines.came).toEqual([]);
    },
  );

  test.each(['temperature', 'stream'])('is refused what a job cannot do: %s', async (param) => {
    const fields = { [param]: { temperature: '0.4', stream: 'true' }[param] ?? '', diarize: 'true' };
    for (const prefer of ['respond-async', 'respond-async, wait=5']) {
      const response = await send(fields, { headers: { prefer } });
      expect(response.statusCode).toBe(400);
      expect(errorOf(response)).toMatchObject({ param });
    }
    expect(jobs()).toEqual([]);
    expect(machines.came).toEqual([]);
  });

  test('gets the transcript within the given time', async () => {
    const row = (await send({}, { headers: { prefer: 'respond-async' } }), await onlyJob());
    const answer = send({}, { headers: { prefer: 'respond-async, wait=20' } });
    await succeed(row);
    expect(bodyOf(await answer)).toMatchObject({ text: diarized.text });
    expect((await send({}, { headers: { prefer: 'respond-async' } })).statusCode).toBe(202);
  });

  test('gets the valid values of a wrong parameter', async () => {
    const response = await send({}, { query: { async: 'maybe' } });
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ param: 'async' });
  });
});

describe('Prefer: wait', () => {
  const wait = (seconds: number, fields = {}) => send(fields, { headers: { prefer: `wait=${seconds}` } });

  test('waits for an existing job, and reports that it is not ready', async () => {
    await send({}, { headers: { prefer: 'respond-async' } });
    expectNotReady(await wait(1), jobs()[0]!);
    await succeed(await onlyJob());
    expect((await wait(1)).statusCode).toBe(200);
  });

  test('is an error if a stream of events breaks off or fails', async () => {
    const error = JSON.stringify({
      error: { message: 'no', type: 'server_error', param: null, code: 'internal' },
    });
    const delta = 'data: {"type":"transcript.text.delta","delta":"hi"}\n\n';
    for (const body of [`${delta}data: ${error}\n\n`, delta]) {
      machines.answers(200, 'text/event-stream', body);
      expect((await wait(5, { stream: 'true' })).statusCode).toBeGreaterThanOrEqual(500);
    }
    expect(jobs()).toEqual([]);
  });
});

test('an invalid form is refused before a machine is asked', async () => {
  const forms: Record<string, string>[] = [
    { callback: 'x' },
    { max_line_width: '1' },
    { 'timestamp_granularities[]': 'word' },
    { stream: 'true', response_format: 'vtt' },
  ];
  for (const fields of forms) expect((await send(fields)).statusCode).toBe(400);
  expect(machines.came).toEqual([]);
});
