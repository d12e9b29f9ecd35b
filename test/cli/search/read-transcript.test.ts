import { TRANSCRIPT_FORMATS, type TranscriptFormat } from '../../../core/contract/names';
import { FORMAT } from '../../../core/formats/formats';
import { verboseJson } from '../../../core/formats/openai-formats';
import { NotATranscript, readSentences } from '../../../cli/search/reading/read-transcript';
import { transcript } from '../../support/search-corpus';

const spoken = transcript([
  'We moved six hives to the field by the river last night.',
  'Nobody & nothing was <stung>.',
  'Was it heavy?',
  'Note: it was.',
]);
const read = (content: string | Uint8Array, format: TranscriptFormat) =>
  readSentences(Buffer.from(content), format);

test.each(TRANSCRIPT_FORMATS)(
  'sentences of the format %s have their speakers and, but for txt, their times',
  (format) => {
    const found = read(FORMAT[format].render(spoken), format);
    // SubRip has other brackets, because it cannot escape.
    expect(found.map(({ text }) => text.replace('‹', '<').replace('›', '>'))).toEqual(
      spoken.segments.map(({ text }) => text),
    );
    expect(found.map(({ speaker }) => speaker)).toEqual(spoken.segments.map(({ speaker }) => speaker));
    if (format === 'txt') expect(found.every(({ start }) => start === undefined)).toBe(true);
    else
      found.forEach(({ start, end }, index) => {
        expect(start).toBeCloseTo(spoken.segments[index]!.start, 0);
        expect(end).toBeGreaterThan(start!);
      });
  },
);

test('verbose JSON with words only, and plain JSON of OpenAI, are transcripts', () => {
  const [first] = read(verboseJson(spoken, ['word']), 'verbose_json');
  expect(first).toEqual({ text: spoken.segments[0]!.text, start: 0, end: 4 });
  expect(read('{"text":"Good day. Bye.","usage":{"type":"duration","seconds":3}}', 'json')).toEqual([
    { text: 'Good day.' },
    { text: 'Bye.' },
  ]);
});

test('words without times, as WhisperX writes them, do not hide the others', () => {
  const words = [
    { word: 'In', start: 1, end: 2 },
    { word: '2014' },
    { word: 'too.', start: 4, end: 5, score: 1 },
  ];
  const segments = [{ start: 1, end: 5, text: ' In 2014 too.', words, speaker: 'SPEAKER_00' }];
  expect(read(JSON.stringify({ segments, word_segments: words }), 'json')).toEqual([
    { text: 'In 2014 too.', start: 1, end: 5, speaker: 'SPEAKER_00' },
  ]);
});

test('a speaker that is not known has no name', () => {
  const segment = { ...spoken.segments[0]!, speaker: undefined };
  const diarized = FORMAT.diarized_json.render({ ...spoken, segments: [segment] });
  expect(read(diarized, 'diarized_json')[0]).not.toHaveProperty('speaker');
});

test('WebVTT and SubRip of other programs are read', () => {
  const vtt =
    '\ufeffWEBVTT - Title\n\nNOTE a remark\n\nSTYLE\n::cue {}\n\nid-1\n00:01.500 --> 00:03.000 align:left\n<v.loud Ann Lee>Good <i>day</i></v>\n\n' +
    '1:00:00.000 --> 1:00:02.000\nR&amp;D &lt;3.\n';
  expect(read(vtt, 'vtt')).toEqual([
    { text: 'Good day', start: 1.5, end: 3, speaker: 'Ann Lee' },
    { text: 'R&D <3.', start: 3600, end: 3602 },
  ]);
  const srt =
    '1\r\n00:00:01,000 --> 00:00:02,500\r\nOne thing: go.\r\nNow.\r\n\r\n2\r\n00:00:02,500 --> 00:00:03,000\r\nYes.\r\n';
  expect(read(srt, 'srt')).toEqual([
    { text: 'One thing: go.', start: 1, end: 2.184 },
    { text: 'Now.', start: 2.184, end: 2.5 },
    { text: 'Yes.', start: 2.5, end: 3 },
  ]);
});

test.each<[string, string | Uint8Array, TranscriptFormat, RegExp]>([
  ['an empty file', '', 'json', /empty/],
  ['cut JSON', '{"segments":[{"start":0', 'json', /not the JSON of a transcript/],
  ['another JSON file', '{"name":"spotscribe","text":"no"}', 'json', /not the JSON of a transcript/],
  ['a JSON value', 'null', 'json', /not the JSON of a transcript/],
  ['segments of another kind', '{"segments":[{"id":1}]}', 'json', /not the JSON of a transcript/],
  ['a transcript of silence', '{"segments":[],"text":""}', 'json', /no speech/],
  ['text in place of cues', 'Good day.', 'vtt', /no WebVTT cues/],
  ['binary data', Uint8Array.of(0x47, 0xff, 0xfe), 'txt', /not text in UTF-8/],
  ['zeros', 'a\0b', 'txt', /not text in UTF-8/],
])('%s is no transcript', (_, content, format, reason) => {
  const reading = () => read(content, format);
  expect(reading).toThrow(NotATranscript);
  expect(reading).toThrow(reason);
});
