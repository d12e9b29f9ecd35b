import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import { SPEAKER_LIMITS } from '../../../core/contract/limits';
import { JobStore } from '../../../core/jobs/job-store';
import { VoiceStore } from '../../../core/voices/voice-store';
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
const voices = () => new VoiceStore(table.client(), TABLE);

function post(body: object, headers: Record<string, string> = {}, more: Partial<Dependencies> = {}) {
  const dependencies = {
    ...{ store: store(), s3: bucket.client(), bucket: 'media', maxUploadBytes: 1000 },
    deployed: { transcription: {} },
    voices: voices(),
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

describe('kept voices', () => {
  const idOf = (digit: number) => `voice_${`${digit}`.repeat(32)}`;
  const keep = (tenant: string, ...names: string[]) =>
    names.reduce(async (before, name, index) => {
      await before;
      const voice = { id: idOf(index), name, consent: 'Ada, by letter', created_at: '2026-03-01T12:00:00Z' };
      await voices().add(tenant, voice);
    }, Promise.resolve());
  const asked = (chosen: unknown, diarize = true) => post({ options: { diarize, voices: chosen } });

  test.each<[string, unknown, string[]]>([
    ['by name', ['Grace', 'Ada'], ['Grace', 'Ada']],
    ['by id', [idOf(1)], ['Grace']],
    ['once each', ['Grace', idOf(1)], ['Grace']],
    ['all', 'all', ['Ada', 'Grace']],
  ])('are chosen %s: the job has their names and reads their recordings', async (_, chosen, names) => {
    await keep('acme', 'Ada', 'Grace');
    const row = await rowOf(await asked(chosen));
    const options = { diarize: true, known_speaker_names: names };
    expect(row).toMatchObject({ options, tasks: { transcription: options } });
    expect(row.options).not.toHaveProperty('voices');
    const ids = names.map((name) => idOf(['Ada', 'Grace'].indexOf(name)));
    expect(row.speaker_recordings).toEqual(ids.map((id) => `voices/acme/${id}`));
    // The job has no copies, which could outlive the voice.
    expect(bucket.objects.size).toBe(0);
  });

  test('are chosen in "tasks", too', async () => {
    await keep('acme', 'Ada');
    const row = await rowOf(await post({ tasks: { transcription: { diarize: true, voices: ['Ada'] } } }));
    expect(row.tasks).toEqual({ transcription: { diarize: true, known_speaker_names: ['Ada'] } });
    expect(row.speaker_recordings).toEqual([`voices/acme/${idOf(0)}`]);
  });

  test('of another tenant do not exist', async () => {
    await keep('globex', 'Ada');
    for (const chosen of [['Ada'], [idOf(0)]]) {
      const response = await asked(chosen);
      expect(response.statusCode).toBe(400);
      expect(errorOf(response)).toMatchObject({
        param: 'options.voices',
        message: expect.stringMatching(/There is no voice/),
      });
    }
  });

  test.each<[string, unknown, RegExp]>([
    ['an unknown name', ['Ada', 'Mary'], /There is no voice "Mary": GET \/v1\/voices lists them/],
    ['an empty list', [], />=1/],
    ['too many', Array<string>(11).fill('Ada'), /<=10/],
    ['another word', 'some', /"all", or a list of 1 to 10/],
  ])('%s is refused', async (_, chosen, message) => {
    await keep('acme', 'Ada');
    const response = await asked(chosen);
    expect(response.statusCode).toBe(400);
    expect(errorOf(response)).toMatchObject({
      param: 'options.voices',
      message: expect.stringMatching(message),
    });
    expect(jobs()).toEqual([]);
  });

  test('all are refused if there are none', async () => {
    expect(errorOf(await asked('all')).message).toMatch(
      /there are no voices: keep one with POST \/v1\/voices/,
    );
  });

  test('require diarization, and are not combined with other names', async () => {
    await keep('acme', 'Ada');
    expect(errorOf(await asked(['Ada'], false)).message).toMatch(/requires "diarize": true/);
    const both = await post({ options: { ...BOTH, voices: 'all' } });
    expect(errorOf(both)).toMatchObject({ param: 'options.voices' });
    expect(errorOf(both).message).toMatch(/cannot be combined with "known_speaker_names"/);
  });

  test('identify the request as it names them', async () => {
    await keep('acme', 'Ada');
    const send = (chosen: unknown) =>
      post({ options: { diarize: true, voices: chosen } }, { 'idempotency-key': 'k' });
    expect((await send('all')).statusCode).toBe(201);
    await voices().add('acme', { id: idOf(1), name: 'Grace', consent: 'yes', created_at: '' });
    expect((await send('all')).statusCode).toBe(200);
    expect((await send(['Ada'])).statusCode).toBe(409);
    for (const { id } of await voices().list('acme')) await voices().remove('acme', id);
    expect((await send('all')).statusCode).toBe(200);
    expect(jobs()).toHaveLength(1);
  });
});

test('a deployment without transcription refuses them', async () => {
  const response = await post({ options: { ...ADA, diarize: true } }, {}, { deployed: { speech: {} } });
  expect(response.statusCode).toBe(400);
  expect(errorOf(response).message).toContain('not supported by this deployment');
});
