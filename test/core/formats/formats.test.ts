import type { Segment, Transcript } from '../../../core/contract/work/transcript';
import { FORMAT } from '../../../core/formats/formats';

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
    '1\n00:00:00,480 --> 00:00:01,980\nTake 250 mg.\n\n2\n00:00:03,100 --> 00:00:03,933\nSPEAKER_00: Twice.\n',
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

test('a segment without text makes no cue, and leaves no gap in the numbers', () => {
  const three = transcript(
    { text: 'a' },
    { start: 1, end: 2, text: ' \n ' },
    { start: 2, end: 3, text: 'b' },
  );
  expect(FORMAT.srt.render(three).match(/^\d+$/gm)).toEqual(['1', '2']);
});

test.each([
  [3_599.999, '00:59:59.999', '01:00:00.999'],
  [3_599.9996, '01:00:00.000', '01:00:01.000'],
  [36_061.5, '10:01:01.500', '10:01:02.500'],
  [360_000, '100:00:00.000', '100:00:01.000'],
])('%d s is written as %s, a second later as %s', (seconds, start, end) => {
  const late = transcript({ start: seconds, end: seconds + 1, text: 'late' });
  expect(FORMAT.vtt.render({ ...late, duration: seconds + 1 })).toContain(`${start} --> ${end}\n`);
});

test('vtt escapes what a player would take for markup or for a time', () => {
  const marked = transcript({ text: 'a <b>c</b> & d --> e', speaker: '<v Bob>' });
  expect(FORMAT.vtt.render(marked)).toContain('\n<v &lt;v Bob&gt;>a &lt;b&gt;c&lt;/b&gt; &amp; d --&gt; e\n');
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
