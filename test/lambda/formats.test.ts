import type { Segment, Transcript } from '../../lambda/contract';
import { FORMAT } from '../../lambda/formats';

const transcript = (...segments: Partial<Segment>[]): Transcript => ({
  version: 1,
  engine: { name: 'whisperx', model: 'large-v3-turbo' },
  language: 'en',
  duration: 10,
  text: segments.map(({ text }) => text).join(' '),
  segments: segments.map((segment, id) => ({ id, start: 0, end: 1, text: '', words: [], ...segment })),
  degraded: [],
});

const one = transcript({ start: 0.48, end: 1.98, text: ' Take 250 mg. ' });
const empty = transcript();

test('srt numbers its cues and writes times with a comma', () => {
  const two = transcript(
    { start: 0.48, end: 1.98, text: ' Take 250 mg. ' },
    { start: 3.1, end: 3.62, text: 'Twice.', speaker: 'SPEAKER_00' },
  );
  expect(FORMAT.srt.render(two)).toBe(
    '1\n00:00:00,480 --> 00:00:01,980\nTake 250 mg.\n\n2\n00:00:03,100 --> 00:00:03,620\nSPEAKER_00: Twice.\n',
  );
});

test('vtt has its header, times with a point, and no numbers', () => {
  expect(FORMAT.vtt.render(one)).toBe('WEBVTT\n\n00:00:00.480 --> 00:00:01.980\nTake 250 mg.\n');
});

test('txt has a line for each segment, with who spoke', () => {
  const two = transcript({ text: ' Hello. ' }, { text: 'Yes?', speaker: 'SPEAKER_01' });
  expect(FORMAT.txt.render(two)).toBe('Hello.\nSPEAKER_01: Yes?\n');
});

test('json is the transcript, whole', () => {
  expect(JSON.parse(FORMAT.json.render(one))).toEqual(one);
});

test('a silent recording makes empty, valid files', () => {
  expect(FORMAT.srt.render(empty)).toBe('');
  expect(FORMAT.vtt.render(empty)).toBe('WEBVTT\n');
  expect(FORMAT.txt.render(empty)).toBe('');
});

test('a segment without words makes no cue, and leaves no gap in the numbers', () => {
  const three = transcript(
    { text: 'a' },
    { start: 1, end: 2, text: ' \n ' },
    { start: 2, end: 3, text: 'b' },
  );
  expect(FORMAT.srt.render(three).match(/^\d+$/gm)).toEqual(['1', '2']);
});

test.each([
  [3_599.999, '00:59:59.999'],
  [3_599.9996, '01:00:00.000'],
  [36_061.5, '10:01:01.500'],
  [360_000, '100:00:00.000'],
])('%d s is written as %s', (seconds, shown) => {
  const late = transcript({ start: seconds, end: seconds, text: 'late' });
  expect(FORMAT.vtt.render(late)).toContain(`${shown} --> ${shown}\n`);
});

test('vtt escapes what a player would take for markup or for a time', () => {
  const marked = transcript({ text: 'a <b>c</b> & d --> e', speaker: '<v Bob>' });
  expect(FORMAT.vtt.render(marked)).toContain('\n&lt;v Bob&gt;: a &lt;b&gt;c&lt;/b&gt; &amp; d --&gt; e\n');
});

test.each(['a\nb', 'a\n\nb', 'a \r\n b', 'a\r\rb', 'a\n \n b'])(
  'the text %j stays within its cue',
  (text) => {
    const broken = transcript({ text });
    expect(FORMAT.srt.render(broken)).toBe('1\n00:00:00,000 --> 00:00:01,000\na b\n');
    expect(FORMAT.vtt.render(broken)).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na b\n');
    expect(FORMAT.txt.render(broken)).toBe('a b\n');
  },
);

describe('cues of speech that overlaps', () => {
  // Deterministic, so that a failure can be repeated.
  const random = (() => {
    let state = 7;
    return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  })();
  const segments = Array.from({ length: 500 }, (_, index) => {
    const start = index * 0.8 + random();
    return { start, end: start + random() * 5, text: 'word' };
  }).sort((a, b) => a.start - b.start);

  test.each(['srt', 'vtt'] as const)(
    '%s: none begins before the last one ends, and none ends early',
    (kind) => {
      const milliseconds = (time: string) => {
        const [hours, minutes, seconds] = time.replace(',', '.').split(':').map(Number);
        return Math.round((hours! * 3600 + minutes! * 60 + seconds!) * 1000);
      };
      const cues = [...FORMAT[kind].render(transcript(...segments)).matchAll(/^(\d\S+) --> (\S+)$/gm)].map(
        ([, start, end]) => [milliseconds(start!), milliseconds(end!)] as const,
      );
      expect(cues).toHaveLength(500);
      cues.forEach(([start, end], index) => {
        expect(start).toBe(Math.round(segments[index]!.start * 1000));
        expect(end).toBeGreaterThanOrEqual(start);
        expect(end).toBe(Math.min(Math.round(segments[index]!.end * 1000), cues[index + 1]?.[0] ?? Infinity));
      });
    },
  );
});
