import { gunzipSync } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, type GetObjectCommandOutput, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { JobRow } from '../../../core/contract/job';
import type { Transcript } from '../../../core/contract/work/transcript';
import { RESPONSE_FORMATS } from '../../../lambda/openai/audio/form-options';
import { httpHandler } from '../../../lambda/frame/http';
import { JobStore } from '../../../core/jobs/job-store';
import { s3Client } from '../../../lambda/frame/s3-client';
import { type Dependencies, transcribeAudio } from '../../../lambda/openai/transcribe-audio';
import diarized from '../../fixtures/contract/Transcript.diarized.json';
import degraded from '../../fixtures/contract/Transcript.json';
import {
  bodyOf,
  ended,
  errorOf,
  JOB_ID,
  lambdaContext,
  request,
  row,
  silenceConsole,
  TABLE,
} from '../../support/support';

const KEY = `jobs/${JOB_ID}/results/1/transcript.json`;
const dynamo = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  s3: s3Client(),
  bucket: 'media',
  deployed: { transcription: {} },
  uploadExpirySeconds: 900,
  retentionDays: 7,
  maxAudioSeconds: 36_000,
  // Nothing listens there, because no machine is asked.
  machinesUrl: 'http://127.0.0.1:1',
  limits: { keepSeconds: 28, jobSeconds: 0 },
  waitSeconds: 20,
  maxUploadBytes: 1000,
};
const handler = httpHandler(() => dependencies, transcribeAudio);

const given = (found?: JobRow) => dynamo.on(GetCommand).resolves({ Item: found });
const stored = (transcript: unknown) =>
  s3.on(GetObjectCommand).resolves({
    Body: { transformToString: async () => JSON.stringify(transcript) } as GetObjectCommandOutput['Body'],
  });

/** Requests the job's transcript with these fields. */
async function ask(
  fields: Record<string, string> = {},
  {
    path = '/v1/audio/transcriptions',
    file,
    headers,
  }: { path?: string; file?: string; headers?: Record<string, string> } = {},
) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ job: JOB_ID, ...fields })) form.append(name, value);
  if (file !== undefined) form.append('file', new Blob([file]), 'a.mp3');
  const made = new Response(form);
  const body = Buffer.from(await made.arrayBuffer()).toString('base64');
  const type = made.headers.get('content-type')!;
  return handler(
    request({ body, base64: true, headers: { 'content-type': type, ...headers }, path }),
    lambdaContext,
  );
}

beforeEach(() => {
  silenceConsole();
  dynamo.reset();
  s3.reset();
  given(ended('succeeded', { transcript_key: KEY, options: { diarize: true, language: 'en' } }));
  stored(diarized);
});
afterEach(() => jest.restoreAllMocks());

describe('a job that is done', () => {
  test.each<[string, string, RegExp]>([
    ['json', 'application/json', /^\{"text":"Take 250 .*","usage":\{"type":"duration","seconds":6\.4\}\}$/],
    ['text', 'text/plain; charset=utf-8', /^Take 250 milligrams\. Mhm\. Twice a day\. Before meals\?\n$/],
    ['srt', 'application/x-subrip; charset=utf-8', /^1\n00:00:00,480 --> /],
    ['vtt', 'text/vtt; charset=utf-8', /^WEBVTT\n\n00:00:00\.480 --> .*\n<v A>/],
    ['verbose_json', 'application/json', /^\{"task":"transcribe",.*"language":"english",/],
    ['diarized_json', 'application/json', /"type":"transcript\.text\.segment"/],
  ])('is answered as %s', async (format, type, content) => {
    given(ended('succeeded', { transcript_key: KEY, options: { diarize: true } }));
    const response = await ask({ response_format: format });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toEqual({
      'content-type': type,
      'cache-control': 'private, no-store',
      'x-spotscribe-job': JOB_ID,
    });
    expect(response.body).toMatch(content);
    expect(s3.commandCalls(GetObjectCommand)[0]!.args[0].input).toEqual({ Bucket: 'media', Key: KEY });
  });

  test('is answered as json by default, also with the original fields and an empty file', async () => {
    const response = await ask({ model: 'whisper-1', language: 'en', temperature: '0' }, { file: '' });
    expect(bodyOf(response)).toMatchObject({ text: expect.stringContaining('Take') });
  });

  test.each(RESPONSE_FORMATS)('has a header with the missing stages, as %s', async (format) => {
    stored(degraded);
    given(ended('succeeded', { transcript_key: KEY, options: { diarize: true } }));
    const [{ stage } = { stage: '' }] = (degraded as Transcript).degraded;
    expect(stage).not.toBe('');
    expect((await ask({ response_format: format })).headers).toMatchObject({
      'x-spotscribe-degraded': stage,
    });
  });

  test('lists the detected languages for the model gpt-transcribe', async () => {
    expect(bodyOf(await ask({ model: 'gpt-transcribe' }))).toMatchObject({ languages: [{ code: 'en' }] });
    expect(bodyOf(await ask({ model: 'whisper-1' }))).not.toHaveProperty('languages');
  });

  test('says so at the end of a stream, too', async () => {
    const last = async (model: string) =>
      JSON.parse((await ask({ model, stream: 'true' })).body!.trimEnd().split('\n\ndata: ').at(-1)!);
    expect(await last('gpt-transcribe')).toMatchObject({
      type: 'transcript.text.done',
      languages: [{ code: 'en' }],
    });
    expect(await last('whisper-1')).not.toHaveProperty('languages');
  });

  test('is answered if the fields match its options', async () => {
    const options = { language: 'en', hotwords: 'Ada', diarize: true, num_speakers: 2 };
    given(ended('succeeded', { transcript_key: KEY, options }));
    const fields = { language: 'English', hotwords: 'Ada', diarize: 'true', num_speakers: '2' };
    expect((await ask(fields)).statusCode).toBe(200);
  });

  test.each<[Record<string, string>, string]>([
    [{ language: 'de' }, 'language'],
    [{ hotwords: 'Ada' }, 'hotwords'],
    [{ response_format: 'diarized_json' }, 'diarize'],
    [{ temperature: '0.5' }, 'temperature'],
    [{ colour: 'red' }, 'colour'],
  ])('is refused if %j does not match its options', async (fields, param) => {
    given(ended('succeeded', { transcript_key: KEY, options: {} }));
    const response = await ask(fields);
    expect(response.statusCode).toBe(400);
    expect(errorOf(response).param).toBe(param);
  });

  test('has subtitles in the requested layout', async () => {
    const narrow = await ask({ response_format: 'srt', max_line_width: '10', max_line_count: '1' });
    const wide = await ask({ response_format: 'srt' });
    expect(narrow.body!.split('-->').length).toBeGreaterThan(wide.body!.split('-->').length);
  });

  test('is readable while its analysis still runs', async () => {
    given(row({ status: 'running', transcript_key: KEY }));
    expect((await ask()).statusCode).toBe(200);
  });

  test('is compressed if it is too large, or refused with the field’s name', async () => {
    const [segment] = diarized.segments;
    stored({ ...diarized, segments: Array.from({ length: 40_000 }, (_, id) => ({ ...segment, id })) });
    const packed = await ask({ response_format: 'verbose_json' }, { headers: { 'accept-encoding': 'gzip' } });
    expect(packed).toMatchObject({ statusCode: 200, isBase64Encoded: true });
    expect(JSON.parse(gunzipSync(Buffer.from(packed.body!, 'base64')).toString()).segments).toHaveLength(
      40_000,
    );
    const refused = await ask({ response_format: 'verbose_json' });
    expect(refused.statusCode).toBe(400);
    expect(errorOf(refused)).toMatchObject({ param: 'response_format' });
  });

  test('is only answered on the route of its task', async () => {
    const path = '/v1/audio/translations';
    const response = await ask({}, { path });
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ param: 'job' });
    given(ended('succeeded', { transcript_key: KEY, options: { task: 'translate' } }));
    expect((await ask({}, { path })).statusCode).toBe(200);
    expect((await ask()).statusCode).toBe(400);
  });

  test('whose transcript was deleted is not found', async () => {
    s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'gone', $metadata: {} }));
    expect((await ask()).statusCode).toBe(404);
  });
});

describe('a job that is not done', () => {
  test.each(['awaiting_upload', 'queued', 'running'] as const)(
    'but %s is refused with Retry-After, or is the answer if a job was requested',
    async (status) => {
      given(row({ status }));
      const late = await ask();
      expect(late.statusCode).toBe(503);
      expect(errorOf(late)).toMatchObject({ code: 'not_ready', job_id: JOB_ID });
      const job = await ask({}, { headers: { prefer: 'respond-async' } });
      expect(job.statusCode).toBe(202);
      for (const { headers } of [late, job])
        expect(headers).toMatchObject({
          location: `/v1/jobs/${JOB_ID}`,
          'x-spotscribe-job': JOB_ID,
          'retry-after': expect.stringMatching(/^[1-9]\d*$/),
        });
      expect(bodyOf(job)).toMatchObject({ id: JOB_ID, status });
      expect(s3.calls()).toHaveLength(0);
    },
  );

  test.each(['failed', 'expired'] as const)('but %s is answered with its error', async (status) => {
    given(ended(status, { error: { code: 'bad_audio', message: 'There is no audio in it' } }));
    const response = await ask();
    expect(response.statusCode).toBe(422);
    expect(errorOf(response)).toEqual({
      message: `Job ${JOB_ID} is ${status}: There is no audio in it`,
      type: 'invalid_request_error',
      param: 'job',
      code: 'bad_audio',
      job_id: JOB_ID,
    });
    expect(response.headers).toMatchObject({ 'x-should-retry': 'false' });
  });

  test('but cancelled is answered with an error', async () => {
    given(ended('cancelled'));
    const response = await ask();
    expect(response.statusCode).toBe(422);
    expect(errorOf(response).code).toBe('not_ready');
  });
});

describe('a job that cannot be requested', () => {
  test.each([
    ['another tenant’s', row({ tenant: 'globex', transcript_key: KEY })],
    ['an unknown one', undefined],
  ])('is not found: %s', async (_, found) => {
    given(found);
    const response = await ask();
    expect(response.statusCode).toBe(404);
    expect(errorOf(response).code).toBe('not_found');
    expect(s3.calls()).toHaveLength(0);
  });

  test.each(['../x', 'job_', `${JOB_ID}\n`])('is not looked for by %j', async (job) => {
    expect((await ask({ job })).statusCode).toBe(404);
    expect(dynamo.calls()).toHaveLength(0);
  });

  test.each<[string, Record<string, string>, string | undefined]>([
    ['job', {}, 'a recording'],
    ['response_format', { response_format: 'pdf' }, undefined],
    ['max_line_width', { max_line_width: '1' }, undefined],
    ['stream', { stream: 'true', response_format: 'srt' }, undefined],
  ])('is refused for its %s', async (param, fields, file) => {
    const response = await ask(fields, { file });
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({ param });
    expect(s3.calls()).toHaveLength(0);
  });
});
