import type { Transcript } from '../../../core/contract/work/transcript';
import { diarizedJson, plainJson, verboseJson } from '../../../core/formats/openai-formats';
import diarizedFixture from '../../fixtures/contract/Transcript.diarized.json';
import wordsFixture from '../../fixtures/contract/Transcript.json';

const withSpeakers = diarizedFixture as unknown as Transcript;
const degraded = wordsFixture as Transcript;
const silent: Transcript = { ...degraded, duration: 3, text: '', segments: [], degraded: [] };

const verbose = (transcript: Transcript) => JSON.parse(verboseJson(transcript));
const diarized = (transcript: Transcript) => JSON.parse(diarizedJson(transcript));

describe('verbose_json', () => {
  test('has the fields of OpenAI’s, with all words in one list', () => {
    const { segments, words, ...rest } = verbose(withSpeakers);
    expect(rest).toEqual({
      task: 'transcribe',
      language: 'english',
      duration: 6.4,
      text: 'Take 250 milligrams. Mhm. Twice a day. Before meals?',
      usage: { type: 'duration', seconds: 6.4 },
    });
    expect(segments).toHaveLength(3);
    expect(segments[0]).toEqual({
      id: 0,
      seek: 48,
      start: 0.48,
      end: 1.98,
      text: ' Take 250 milligrams.',
      tokens: [],
      temperature: 0,
      avg_logprob: -0.21,
      compression_ratio: 0.7143,
      no_speech_prob: 0.02,
      speaker: 'A',
    });
    expect(words).toHaveLength(9);
    expect(words.slice(0, 2)).toEqual([
      { word: 'Take', start: 0.48, end: 0.71 },
      { word: '250', start: 0.71, end: 1.3, interpolated: true },
    ]);
  });

  test('has segments whose texts make up the text when joined, spaces or not', () => {
    const texts = ({ segments }: { segments: { text: string }[] }) =>
      segments.map(({ text }) => text).join('');
    const { text } = withSpeakers;
    expect(texts(verbose(withSpeakers))).toBe(` ${text}`);
    const segments = ['今日は。', '', '雨です。'].map((said, id) => ({
      id,
      start: id,
      end: id + 1,
      text: said,
      words: [],
    }));
    const japanese = { ...silent, language: 'ja', text: '今日は。雨です。', segments };
    expect(texts(verbose(japanese))).toBe(japanese.text);
  });

  test.each([
    ['verbose_json', verbose],
    ['diarized_json', diarized],
  ])('ends nothing after the audio, as %s neither', (_, render) => {
    const words = [
      { word: 'a', start: 2, end: 3.02 },
      { word: 'b', start: 3.05, end: 3.1 },
    ];
    const late = { ...silent, segments: [{ id: 0, start: 2, end: 3.1, text: 'a b', words }] };
    const { segments, words: all = segments[0].words } = render(late);
    expect(segments).toMatchObject([{ start: 2, end: 3 }]);
    expect(all).toEqual([
      { word: 'a', start: 2, end: 3 },
      { word: 'b', start: 3, end: 3 },
    ]);
  });

  test.each([
    ['json', (given: Transcript) => JSON.parse(plainJson(given)) as object],
    ['verbose_json', verbose],
    ['diarized_json', diarized],
  ])('has the sound track of a file with several, as %s has', (_, render) => {
    const track = { number: 2, count: 3 };
    expect(render({ ...silent, track })).toHaveProperty('track', track);
    expect(render({ ...silent, track: undefined })).not.toHaveProperty('track');
  });

  test('says what is missing, and makes up nothing that the engine does not tell', () => {
    const { segments, degraded: missing } = verbose(degraded);
    expect(missing).toEqual(degraded.degraded);
    expect(segments[0]).not.toHaveProperty('avg_logprob');
    expect(segments[0]).not.toHaveProperty('no_speech_prob');
    expect(segments[0]).not.toHaveProperty('speaker');
  });

  // The figures are those of Python's zlib.
  test.each([
    ['la '.repeat(100), 20],
    ['Grüße, 世界', 0.625],
    ['', 0],
  ])('the text %j is compressed as in Whisper: %d', (text, ratio) => {
    const transcript = { ...silent, segments: [{ id: 0, start: 0, end: 1, text, words: [] }] };
    expect(verbose(transcript).segments[0].compression_ratio).toBe(ratio);
  });

  test.each([
    ['de', 'german'],
    ['haw', 'hawaiian'],
    ['ht', 'haitian creole'],
    ['jw', 'javanese'],
    ['my', 'myanmar'],
    ['und', 'unknown'],
    ['nn', 'nynorsk'],
    ['tl', 'tagalog'],
    ['yue', 'cantonese'],
    ['zh', 'chinese'],
  ])('%s is named as Whisper names it: %s', (language, name) => {
    expect(verbose({ ...silent, language }).language).toBe(name);
  });

  test('tells a translation', () => {
    expect(verbose({ ...silent, task: 'translate' })).toMatchObject({
      task: 'translate',
      language: 'english',
    });
  });
});

describe('json', () => {
  const json = (transcript: Transcript, languages?: boolean) => JSON.parse(plainJson(transcript, languages));

  test('says which languages were heard where that is wanted, and none where nobody knows', () => {
    expect(json(withSpeakers)).not.toHaveProperty('languages');
    expect(json(withSpeakers, true).languages).toEqual([{ code: 'en' }]);
    expect(json({ ...withSpeakers, language: 'und' }, true).languages).toEqual([]);
    expect(json(silent, true).languages).toEqual([]);
  });
});

describe('diarized_json', () => {
  test('has the fields of OpenAI’s, and the words of each segment', () => {
    const { segments, ...rest } = diarized(withSpeakers);
    expect(rest).toEqual({
      task: 'transcribe',
      duration: 6.4,
      text: 'Take 250 milligrams. Mhm. Twice a day. Before meals?',
      usage: { type: 'duration', seconds: 6.4 },
    });
    expect(segments.map(({ speaker }: { speaker: string }) => speaker)).toEqual(['A', 'A', 'B']);
    expect(segments[2]).toEqual({
      type: 'transcript.text.segment',
      id: 'seg_2',
      start: 4.3,
      end: 5.2,
      speaker: 'B',
      text: 'Before meals?',
      words: [
        { word: 'Before', start: 4.3, end: 4.7 },
        { word: 'meals?', start: 4.7, end: 5.2 },
      ],
    });
  });

  test('names nobody where the speaker is not known, and says why', () => {
    const lost = { stage: 'diarization', reason: 'No speakers: there is no model.' } as const;
    const { segments, degraded: missing } = diarized({ ...degraded, degraded: [lost] });
    expect(segments[0].speaker).toBe('unknown');
    expect(missing).toEqual([lost]);
  });
});

test.each([
  ['verbose_json', verbose],
  ['diarized_json', diarized],
])('a silent recording is an empty, valid %s', (_, render) => {
  expect(render(silent)).toMatchObject({ text: '', duration: 3, segments: [] });
});
