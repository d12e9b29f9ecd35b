import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAtomically } from '../../../cli/atomic-write';
import { type Input } from '../../../cli/transcribe/inputs';
import { planOutputs } from '../../../cli/results/outputs';
import { parseRetryAfter, pollDelay, Retryable, retryDelay, retrying } from '../../../cli/api/retry';

test('doubles the delay up to ten seconds, half of it random, and respects Retry-After', () => {
  expect([0, 1, 2, 9].map((attempt) => retryDelay(attempt, 0, 0))).toEqual([250, 500, 1000, 5000]);
  expect([0, 1, 2, 9].map((attempt) => retryDelay(attempt, 0, 1))).toEqual([500, 1000, 2000, 10_000]);
  expect(retryDelay(0, 30_000, 1)).toBe(30_000);
});

test('polls a job after 1 s, then with growing delays up to 5 s, and at most 20 times a second in total', () => {
  expect([0, 1, 2, 20].map((looks) => pollDelay(looks, 1))).toEqual([1000, 1400, 1960, 5000]);
  for (const waiting of [100, 400, 10_000]) {
    expect((1000 / pollDelay(0, waiting)) * waiting).toBeLessThanOrEqual(100);
    expect((1000 / pollDelay(20, waiting)) * waiting).toBeLessThanOrEqual(20);
  }
});

test.each([
  ['2', 2000],
  ['0.5', 500],
  ['Sat, 21 Nov 2026 12:00:10 GMT', 10_000],
  ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  [null, undefined],
])('Retry-After %p is %p ms', (header, milliseconds) =>
  expect(parseRetryAfter(header, Date.parse('2026-11-21T12:00:00Z'))).toBe(milliseconds),
);

test('throws the last failure when the retry time is over, and stops at once when aborted', async () => {
  let tries = 0;
  const failing = async () => {
    tries++;
    throw new Retryable(new Error('the reason'), 200);
  };
  await expect(retrying({ retryForMs: 3000 }, failing)).rejects.toThrow('the reason');
  expect(tries).toBeGreaterThanOrEqual(2);
  const stop = new AbortController();
  const stopped = retrying({ retryForMs: 100_000, signal: stop.signal }, failing);
  stop.abort(new Error('told to stop'));
  await expect(stopped).rejects.toThrow('told to stop');
});

test('a failed write leaves the old file unchanged and no draft', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spotscribe-cli-'));
  const path = join(folder, 'talk.srt');
  await writeFile(path, 'old');
  const unwritable = { length: 3 } as unknown as Uint8Array;
  await expect(writeAtomically(path, unwritable)).rejects.toMatchObject({ code: 'write_failed' });
  expect(await readFile(path, 'utf8')).toBe('old');
  await writeAtomically(path, Buffer.from('new'));
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readdir(folder)).toEqual(['talk.srt']);
  await rm(folder, { recursive: true });
});

const input = (path: string, within = path): Input => ({ path, within, size: 1, modifiedMs: 0 });
const paths = async (inputs: Input[], folder?: string) =>
  (await planOutputs(inputs, ['srt'], folder)).map(({ outputs, conflict }) => conflict ?? outputs[0]?.path);

test('files that would share a result keep their extension in its name', async () => {
  expect(await paths([input('/a/talk.mp3'), input('/a/talk.wav'), input('/a/other.mp3')])).toEqual([
    '/a/talk.mp3.srt',
    '/a/talk.wav.srt',
    '/a/other.srt',
  ]);
  expect(await paths([input('/a/talk.mp3'), input('/a/talk.wav'), input('/a/talk.mp3.wav')])).toEqual([
    '/a/talk.mp3.srt',
    '/a/talk.wav.srt',
    '/a/talk.mp3.wav.srt',
  ]);
});

test('of files with the same name, the first has results and the others a conflict', async () => {
  const same = [input('/a/talk.mp3', 'talk.mp3'), input('/b/talk.mp3', 'talk.mp3')];
  expect(await paths(same, '/out')).toEqual([
    '/out/talk.srt',
    expect.stringMatching(/\/a\/talk\.mp3 and \/b\/talk\.mp3 would both write \/out\/talk\.srt/),
  ]);
});

test('refuses results that would overwrite audio', async () => {
  await expect(paths([input('/a/talk.srt')])).rejects.toThrow(
    /would overwrite the audio file \/a\/talk\.srt/,
  );
});
