import { GetObjectCommand } from '@aws-sdk/client-s3';
import { KEY } from '../../../core/contract/keys';
import type { Speech } from '../../../core/contract/work/speech';
import stored from '../../fixtures/contract/Speech.json';
import { ResultReader } from '../../support/result-reader';
import { bodyOf, ended, errorOf, JOB_ID, row, silenceConsole } from '../../support/support';

const RESULT = KEY.result(JOB_ID, 3, 'speech');
const PATH = `/v1/jobs/${JOB_ID}/speech`;
const job = { tasks: { speech: {} }, stages: { speech: 'succeeded' } } as const;
const speech = stored as Speech;
const reader = new ResultReader(PATH);
const { s3, read, given, contains } = reader;

beforeEach(() => {
  silenceConsole();
  reader.reset();
  given(ended('succeeded', { ...job, results: { speech: RESULT } }));
  contains(speech);
});
afterEach(() => jest.restoreAllMocks());

describe('a speech', () => {
  test('lists its files with their paths and chapters, without the attempts that wrote them', async () => {
    const response = await read();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'content-disposition': `inline; filename="${JOB_ID}.speech.json"`,
    });
    const path = (name: string) => `${PATH}?file=${name}`;
    expect(bodyOf(response)).toEqual({
      ...speech,
      files: [
        {
          ...{ name: 'chapter-001.mp3', bytes: 962000, seconds: 120.25, chapter: 1 },
          path: path('chapter-001.mp3'),
        },
        {
          ...{ name: 'chapter-002.mp3', bytes: 650000, seconds: 81.25, chapter: 2 },
          path: path('chapter-002.mp3'),
        },
        { name: 'speech.m4b', bytes: 1612000, seconds: 201.5, path: path('speech.m4b') },
      ],
    });
    expect(s3.commandCalls(GetObjectCommand)[0]!.args[0].input).toEqual({ Bucket: 'media', Key: RESULT });
  });

  test.each(['chapter-002.mp3', 'speech.m4b'])(
    'redirects to %s, which has a name of its own',
    async (file) => {
      const response = await read({ file });
      expect(response.statusCode).toBe(302);
      expect(response.body).toBeUndefined();
      const location = new URL(String(response.headers?.location));
      expect(location.pathname).toBe(`/jobs/${JOB_ID}/results/2/${file}`);
      expect(location.searchParams.get('response-content-disposition')).toBe(
        `inline; filename="${JOB_ID}.${file}"`,
      );
      expect(response.headers).toMatchObject({ 'cache-control': 'private, no-store' });
    },
  );

  test.each(['chapter-003.mp3', 'part-000001.flac', '../input', '', 'constructor'])(
    'has no file %j, and says which it has',
    async (file) => {
      const response = await read({ file });
      expect(response.statusCode).toBe(404);
      expect(errorOf(response)).toMatchObject({
        ...{ code: 'not_found', param: 'file' },
        message: `Job ${JOB_ID} has no file ${JSON.stringify(file)}: its files are chapter-001.mp3, chapter-002.mp3, speech.m4b`,
      });
    },
  );

  test('of many chapters says the first and the last file', async () => {
    const files = Array.from({ length: 30 }, (_, index) => ({
      ...{ name: `chapter-${String(index + 1).padStart(3, '0')}.mp3`, bytes: 1, seconds: 1 },
      ...{ chapter: index + 1, attempt: 1 },
    }));
    contains({ ...speech, files });
    expect(errorOf(await read({ file: 'speech.m4b' })).message).toMatch(
      /its files are chapter-001\.mp3 to chapter-030\.mp3$/,
    );
  });

  test('of a running job is refused with Retry-After', async () => {
    given(row({ ...job, status: 'running', stages: { speech: 'running' } }));
    const response = await read({ file: 'speech.m4b' });
    expect(response.statusCode).toBe(409);
    expect(response.headers).toMatchObject({ 'retry-after': '5' });
    expect(errorOf(response).message).toBe(`Job ${JOB_ID} has no speech yet: it is running`);
  });

  test('of another tenant’s job is not found, and its object is not read', async () => {
    given(ended('succeeded', { ...job, tenant: 'globex', results: { speech: RESULT } }));
    expect((await read({ file: 'speech.m4b' })).statusCode).toBe(404);
    expect(s3.calls()).toHaveLength(0);
  });
});
