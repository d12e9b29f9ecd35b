import { measureInput, objectRange } from '../../../../lambda/intake/measuring/measure-input';
import type { JobTasks } from '../../../../core/contract/tasks';
import { ObjectServer } from '../../../support/object-server';
import { JOB_ID, quietTools, row } from '../../../support/support';

const server = new ObjectServer();
const KEY = `jobs/${JOB_ID}/input`;
const tools = quietTools();

beforeAll(() => server.start());
beforeEach(() => {
  server.objects.clear();
  server.requests.length = 0;
});
afterAll(() => server.stop());

const measured = (bytes: Buffer, tasks: JobTasks, maxAudioSeconds = 3600) => {
  server.objects.set(KEY, bytes);
  const range = objectRange(server.client(), 'media', { key: KEY, version: 'v1' });
  return measureInput(row({ tasks }), bytes.length, { range, maxAudioSeconds }, tools);
};

/** Silence in 16-bit samples at 16 kHz. */
function wav(seconds: number): Buffer {
  const bytes = Buffer.alloc(44 + seconds * 32_000);
  bytes.write('RIFF');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  [1, 1].forEach((each, at) => bytes.writeUInt16LE(each, 20 + 2 * at));
  bytes.writeUInt32LE(16_000, 24);
  bytes.writeUInt32LE(32_000, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(bytes.length - 44, 40);
  return bytes;
}

test('measures a recording by ranges of its object', async () => {
  const seconds = { audio_second: 20 };
  expect(await measured(wav(20), { transcription: {}, analysis: {} })).toEqual({
    size: 640_044,
    estimate: seconds,
    reservation: seconds,
  });
  expect(server.requests).toEqual([`${KEY} 0-131071`, `${KEY} 508972-640043`]);
});

test('bounds it by the longest audio of the deployment', async () => {
  expect(await measured(wav(20), { transcription: {} }, 15)).toMatchObject({
    estimate: { audio_second: 15 },
  });
});

test.each<[string, JobTasks, object]>([
  ['an embedding', { embedding: {} }, { token: 250 }],
  ['speech', { speech: {} }, { character: 1000 }],
])('measures the text of %s by its bytes, without reading it', async (_, tasks, estimate) => {
  expect(await measured(Buffer.alloc(1000, 'a'), tasks)).toEqual({
    size: 1000,
    estimate,
    reservation: estimate,
  });
  expect(server.requests).toEqual([]);
});

test('does not measure what is no recording, but reserves by its bytes', async () => {
  expect(await measured(Buffer.alloc(32_000, 'a'), { transcription: {} })).toEqual({
    size: 32_000,
    estimate: undefined,
    reservation: { audio_second: 2 },
  });
});

test.each<[string, () => void]>([
  ['is gone', () => server.objects.clear()],
  ['breaks', () => (server.breaks = () => true)],
])('does not fail if the object %s', async (_, happens) => {
  const audio = wav(2);
  const pending = measured(audio, { transcription: {} });
  happens();
  expect(await pending).toMatchObject({ estimate: undefined, reservation: { audio_second: 5 } });
  server.breaks = () => false;
});
