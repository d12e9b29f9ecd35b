import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import { SPEAKER_LIMITS } from '../../../core/contract/limits';
import { JobStore } from '../../../core/jobs/job-store';
import { type Dependencies, submitJob } from '../../../lambda/api/submit-job';
import { httpHandler } from '../../../lambda/frame/http';
import { LocalTable } from '../../support/local-table';
import { ObjectServer } from '../../support/object-server';
import { bodyOf, errorOf, lambdaContext, request, silenceConsole, TABLE } from '../../support/support';

const table = new LocalTable();
const bucket = new ObjectServer();
const urlOf = (content: string) => `data:audio/wav;base64,${Buffer.from(content).toString('base64')}`;
const ADA = { known_speaker_names: ['Ada'], known_speaker_references: [urlOf('voice of Ada')] };
const BOTH = {
  diarize: true,
  known_speaker_names: ['Ada', 'Grace'],
  known_speaker_references: [urlOf('voice of Ada'), urlOf('voice of Grace')],
};

beforeAll(() => Promise.all([table.start(), bucket.start()]));
afterAll(() => Promise.all([table.stop(), bucket.stop()]));
beforeEach(() => {
  silenceConsole();
  table.reset();
  bucket.objects.clear();
});
afterEach(() => jest.restoreAllMocks());

const store = () => new JobStore(table.client(), TABLE);

function post(body: object, headers: Record<string, string> = {}, more: Partial<Dependencies> = {}) {
  const dependencies = {
    ...{ store: store(), s3: bucket.client(), bucket: 'media', maxUploadBytes: 1000 },
    deployed: { transcription: {} },
    ...{ uploadExpirySeconds: 900, retentionDays: 7, ...more },
  };
  const handler = httpHandler(() => dependencies, submitJob);
  return handler(request({ body: JSON.stringify(body), headers }), lambdaContext);
}

const jobs = () => table.ids('job_');
const rowOf = async (response: Parameters<typeof bodyOf>[0]): Promise<JobRow> =>
  (await store().get(bodyOf<{ id: string }>(response).id))!;

describe('the recordings of known speakers', () => {
  test.each([
    ['options', { options: BOTH }],
    ['tasks', { tasks: { transcription: BOTH } }],
  ])('in "%s" are stored as objects of the job, before its input can arrive', async (_, body) => {
    const response = await post(body);
    expect(response.statusCode).toBe(201);
    const { id, speaker_recordings: keys } = await rowOf(response);
    expect(keys).toEqual([KEY.speaker(id, 1), KEY.speaker(id, 2)]);
    expect(keys!.map((key) => bucket.objects.get(key)?.toString())).toEqual([
      'voice of Ada',
      'voice of Grace',
    ]);
  });

  test('are neither in the row of the job nor in its view, which have the names', async () => {
    const response = await post({ options: BOTH });
    const row = await rowOf(response);
    for (const where of [row, bodyOf(response)]) expect(JSON.stringify(where)).not.toContain('base64');
    const options = { diarize: true, known_speaker_names: ['Ada', 'Grace'] };
    expect(row).toMatchObject({ options, tasks: { transcription: options } });
  });

  test('are not needed: names alone are given in the order of the first words', async () => {
    const row = await rowOf(await post({ options: { diarize: true, known_speaker_names: ['Ada'] } }));
    expect(row.speaker_recordings).toBeUndefined();
    expect(bucket.objects.size).toBe(0);
  });

  test('identify the request, as the rest of it does', async () => {
    const key = { 'idempotency-key': 'k' };
    const first = await post({ options: BOTH }, key);
    expect(bodyOf(await post({ options: BOTH }, key))).toMatchObject({
      id: bodyOf<{ id: string }>(first).id,
    });
    const [ada] = BOTH.known_speaker_references;
    const other = { ...BOTH, known_speaker_references: [ada, urlOf('voice of Mary')] };
    expect((await post({ options: other }, key)).statusCode).toBe(409);
    expect(jobs()).toHaveLength(1);
  });

  test('are stored by the second request if the first one could not', async () => {
    const key = { 'idempotency-key': 'k' };
    const s3 = bucket.client();
    jest.spyOn(s3, 'send').mockRejectedValue(new Error('no') as never);
    const failed = await post({ options: BOTH }, key, { s3 });
    expect(failed.statusCode).toBe(500);
    expect(errorOf(failed).job_id).toBe(jobs()[0]);
    const { speaker_recordings: keys } = await rowOf(await post({ options: BOTH }, key));
    expect([...bucket.objects.keys()].sort()).toEqual(keys);
    expect(jobs()).toHaveLength(1);
  });

  test('are not stored again once the input has arrived', async () => {
    const key = { 'idempotency-key': 'k' };
    const row = await rowOf(await post({ options: BOTH }, key));
    await store().queue(row, { size: 1, reservation: {} }, new Date());
    bucket.objects.clear();
    expect((await post({ options: BOTH }, key)).statusCode).toBe(200);
    expect(bucket.objects.size).toBe(0);
  });

  test('may have as much as a request to a function may have', async () => {
    const long = { ...ADA, diarize: true, known_speaker_references: [urlOf('x'.repeat(2_300_000))] };
    expect((await post({ options: long })).statusCode).toBe(201);
    const two = Array<string>(2).fill(urlOf('x'.repeat(2_300_000)));
    const response = await post({ options: { ...BOTH, known_speaker_references: two } });
    expect(response.statusCode).toBe(413);
    expect(errorOf(response).message).toMatch(/at most 5000000 bytes.* shorter recordings of speakers/);
  });
});

test.each<[string, object, string, RegExp]>([
  ['without diarization', { ...ADA }, 'known_speaker_names', /It requires "diarize": true/],
  ['with diarization off', { ...ADA, diarize: false }, 'known_speaker_names', /It requires "diarize": true/],
  ['a name twice', { diarize: true, known_speaker_names: ['Ada', 'Ada'] }, 'known_speaker_names', /repeats/],
  ['an empty name', { diarize: true, known_speaker_names: [''] }, 'known_speaker_names.0', />=1/],
  [
    'a name that is too long',
    { diarize: true, known_speaker_names: ['x'.repeat(SPEAKER_LIMITS.name + 1)] },
    'known_speaker_names.0',
    /at most 100 characters/,
  ],
  [
    'too many names',
    { diarize: true, known_speaker_names: Array.from({ length: 21 }, (_, index) => `${index}`) },
    'known_speaker_names',
    /<=20/,
  ],
  [
    'a recording too few',
    { ...BOTH, known_speaker_references: ADA.known_speaker_references },
    'known_speaker_references',
    /one entry for each/,
  ],
  [
    'recordings without names',
    { diarize: true, known_speaker_references: ADA.known_speaker_references },
    'known_speaker_references',
    /one entry for each/,
  ],
  [
    'a URL to fetch',
    { ...ADA, diarize: true, known_speaker_references: ['https://example.com/a.wav'] },
    'known_speaker_references.0',
    /data URL.*not fetched/,
  ],
])('%s is refused, and nothing is stored', async (_, options, param, message) => {
  for (const [body, prefix] of [
    [{ options }, 'options'],
    [{ tasks: { transcription: options } }, 'tasks.transcription'],
  ] as const) {
    const response = await post(body);
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({
      param: `${prefix}.${param}`,
      message: expect.stringMatching(message),
    });
  }
  expect(jobs()).toEqual([]);
  expect(bucket.objects.size).toBe(0);
});

test('a deployment without transcription refuses them', async () => {
  const response = await post({ options: { ...ADA, diarize: true } }, {}, { deployed: { speech: {} } });
  expect(response.statusCode).toBe(400);
  expect(errorOf(response).message).toContain('not supported by this deployment');
});
