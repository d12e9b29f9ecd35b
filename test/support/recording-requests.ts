import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import { httpHandler } from '../../lambda/frame/http';
import type { Response as Answer } from '../../lambda/frame/refusal';
import { JobStore } from '../../core/jobs/job-store';
import { type Dependencies, transcribeAudio } from '../../lambda/openai/transcribe-audio';
import diarized from '../fixtures/contract/Transcript.diarized.json';
import { ObjectServer } from './object-server';
import { LoadBalancer } from './load-balancer';
import { LocalTable } from './local-table';
import { errorOf, lambdaContext, request, silenceConsole, TABLE } from './support';

// Sends requests with recordings to the handler, with a table, a bucket and machines that use the
// real protocols.

export const table = new LocalTable();
export const bucket = new ObjectServer();
export const machines = new LoadBalancer();
export const AUDIO = Buffer.from([0, 255, 13, 10, 45, 45, 128]);
export let client: DynamoDBDocumentClient;
export let store: JobStore;
let dependencies: Dependencies;

/** Sets up the servers for a test file. */
export function useServers(): void {
  beforeAll(async () => {
    await Promise.all([table.start(), bucket.start(), machines.start()]);
    client = table.client();
    store = new JobStore(client, TABLE);
    dependencies = {
      store,
      s3: bucket.client(),
      bucket: 'media',
      deployed: { transcription: {} },
      uploadExpirySeconds: 900,
      retentionDays: 7,
      maxAudioSeconds: 36_000,
      machinesUrl: machines.url,
      waitSeconds: 20,
      maxUploadBytes: 1_000_000,
    };
  });
  afterAll(() => Promise.all([table.stop(), bucket.stop(), machines.stop()]));
  beforeEach(() => {
    silenceConsole();
    table.reset();
    bucket.objects.clear();
    bucket.uploads.clear();
    bucket.putGate = bucket.beginGate = async () => undefined;
    asleep();
  });
  afterEach(() => jest.restoreAllMocks());
}

export const asleep = () => machines.answers(503, 'text/html', '<html><title>503</title></html>');

/** Makes requests without a transcript return at once. */
export const AT_ONCE = { keepSeconds: 28, jobSeconds: 0 };

export interface Options {
  headers?: Record<string, string>;
  query?: Record<string, string>;
  file?: Buffer;
  path?: string;
  limits?: Dependencies['limits'];
  quota?: number;
}

/** Sends a form with these fields and the recording, or with a job instead of it. */
export async function send(fields: Record<string, string> = {}, options: Options = {}): Promise<Answer> {
  const { file = AUDIO, path = '/v1/audio/transcriptions', limits, headers, query, quota } = options;
  const form = new FormData();
  for (const [name, value] of Object.entries({ model: 'whisper-1', ...fields })) form.append(name, value);
  if (fields.job === undefined) form.append('file', new Blob([new Uint8Array(file)]), 'talk.mp3');
  const made = new Response(form);
  const event = request({
    body: Buffer.from(await made.arrayBuffer()).toString('base64'),
    base64: true,
    headers: { 'content-type': made.headers.get('content-type')!, ...headers },
    query,
    path,
    quota,
  });
  return httpHandler(() => ({ ...dependencies, limits }), transcribeAudio)(event, lambdaContext);
}

export const jobs = () => table.ids('job_');

export async function onlyJob(): Promise<JobRow> {
  const [id, ...more] = jobs();
  expect(more).toEqual([]);
  return (await store.get(id ?? 'none'))!;
}

/** The first job, once its audio is stored. */
export async function queuedJob(): Promise<JobRow> {
  for (;;) {
    const [id] = jobs();
    const row = id === undefined ? undefined : await store.get(id);
    if (row?.status === 'queued') return row;
    await sleep(5);
  }
}

/** Acts as a worker. */
export async function succeed({ id }: JobRow): Promise<void> {
  const claim = await store.claim(id, 'message-1', Date.now() + 60_000, new Date());
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  const key = KEY.result(id, 1, 'transcript');
  bucket.objects.set(key, Buffer.from(JSON.stringify(diarized)));
  const receipt = { measures: { audio_second: 6.4 }, audio_seconds: 6.4 } as NonNullable<JobRow['receipt']>;
  await store.commit(
    claim.row,
    { results: { transcription: key }, receipt, degraded: [], stages: {} },
    new Date(),
  );
}

export const usedSeconds = async () => (await store.usage.used('key_1', new Date())).audio_second ?? 0;

/**
 * Expects an error for a request without a transcript: it names the job and makes clients retry.
 */
export function expectNotReady(response: Answer, id: string): void {
  expect(response.statusCode).toBe(503);
  expect(response.headers).toMatchObject({
    'content-type': 'application/json',
    'x-should-retry': 'true',
    'x-spotscribe-job': id,
    location: `/v1/jobs/${id}`,
  });
  expect(errorOf(response)).toMatchObject({
    type: 'server_error',
    code: 'not_ready',
    param: null,
    job_id: id,
    message: expect.stringMatching(`${id}.*job=${id}.*GET /v1/jobs/${id}`),
  });
  const seconds = Number(response.headers!['retry-after']);
  expect(seconds).toBeGreaterThanOrEqual(1);
  // OpenAI's clients ignore larger values.
  expect(seconds).toBeLessThan(60);
}
