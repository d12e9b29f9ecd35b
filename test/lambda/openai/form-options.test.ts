import { readFileSync } from 'node:fs';
import type { JobOptions } from '../../../core/contract/work/options';
import { parseForm, RESPONSE_FORMATS, type Task } from '../../../lambda/openai/audio/form-options';
import { FORM } from '../../../lambda/openai/audio/form-schema';
import { Refusal } from '../../../lambda/frame/refusal';
import { jobOptions } from '../../../core/tasks/accepted-options';

type Schema = {
  properties: Record<
    string,
    {
      enum?: string[];
      default?: unknown;
      minimum?: number;
      maximum?: number;
      maxItems?: number;
      items?: { maxLength?: number };
      anyOf?: { maxLength?: number; maximum?: number }[];
    }
  >;
};
const { components, paths } = JSON.parse(readFileSync('docs/openapi/whisper.json', 'utf8'));

/** The form of a route in the whisper service's OpenAPI schema. */
function formOf(route: string): Schema['properties'] {
  const schema = paths[`/v1/audio/${route}`].post.requestBody.content['multipart/form-data'].schema;
  const name = (schema.$ref as string | undefined)?.split('/').at(-1);
  return (name === undefined ? schema : components.schemas[name]).properties;
}

type Values = Record<string, string | string[]>;
const parse = (values: Values, task: Task = 'transcribe', model?: string) =>
  parseForm(new Map(Object.entries(values).map(([name, value]) => [name, [value].flat()])), task, model);
const refusal = (values: Values, task?: Task): Refusal => {
  try {
    parse(values, task);
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error('not refused');
};

describe('the fields', () => {
  test.each([
    ['transcriptions', 'transcribe'],
    ['translations', 'translate'],
  ] as const)('of %s are those that the whisper service takes', (route, task) => {
    const names = Object.keys(formOf(route)).map((name) => name.replace('[]', ''));
    expect([...Object.keys(FORM[task].shape), 'file'].sort()).toEqual(names.sort());
  });

  test.each(['hotwords', 'prompt'])('such as %s have the service’s length limit', (name) => {
    const most = formOf('transcriptions')[name]!.anyOf!.find(({ maxLength }) => maxLength)!.maxLength!;
    expect(parse({ [name]: 'x'.repeat(most) }).options).toHaveProperty(name);
    expect(refusal({ [name]: 'x'.repeat(most + 1) }).options.param).toBe(name);
  });

  test.each(['transcribe', 'translate'] as const)('of %s have the sound track', (task) => {
    const most = formOf('translations').track!.anyOf!.find(({ maximum }) => maximum)!.maximum!;
    expect(parse({ track: String(most) }, task).options).toMatchObject({ track: most });
    expect(refusal({ track: String(most + 1) }, task).options.param).toBe('track');
    expect(refusal({ track: '0' }, task).options.param).toBe('track');
  });

  test('keywords[] have the service’s limits', () => {
    const { maxItems, items } = formOf('transcriptions')['keywords[]']!;
    expect(parse({ keywords: Array<string>(maxItems!).fill('x') }).options).toHaveProperty('hotwords');
    expect(refusal({ keywords: Array<string>(maxItems! + 1).fill('x') }).options.param).toBe('keywords');
    expect(parse({ keywords: 'x'.repeat(items!.maxLength!) }).options).toHaveProperty('hotwords');
    expect(refusal({ keywords: 'x'.repeat(items!.maxLength! + 1) }).options.param).toBe('keywords.0');
  });

  test('for the layout of subtitles have the service’s limits and defaults', () => {
    const {
      max_line_width: width,
      max_line_count: count,
      response_format: format,
    } = formOf('transcriptions');
    expect(parse({}).answer.layout).toEqual({
      maxLineWidth: width!.default,
      maxLineCount: count!.default,
      highlightWords: false,
    });
    for (const [name, bounds] of [
      ['max_line_width', width!],
      ['max_line_count', count!],
    ] as const) {
      const layout = (value: number) => parse({ [name]: String(value) }).answer.layout;
      expect(refusal({ [name]: String(bounds.minimum! - 1) }).options.param).toBe(name);
      expect(refusal({ [name]: String(bounds.maximum! + 1) }).options.param).toBe(name);
      expect(Object.values(layout(bounds.minimum!))).toContain(bounds.minimum);
      expect(Object.values(layout(bounds.maximum!))).toContain(bounds.maximum);
    }
    expect([...RESPONSE_FORMATS].sort()).toEqual([...format!.enum!].sort());
  });
});

describe('the options of a job', () => {
  test('are empty by default', () => {
    expect(parse({ model: 'whisper-1', temperature: '0', diarize: 'false', language: 'auto' })).toMatchObject(
      {
        options: {},
        unsupported: [],
      },
    );
  });

  test('keep the end of a long prompt, which Whisper uses', () => {
    const { prompt } = parse({ prompt: `${'🎙'.repeat(3000)}end` }).options;
    expect([...prompt!]).toHaveLength(2000);
    expect(prompt!.endsWith('🎙end')).toBe(true);
    expect(jobOptions.safeParse({ prompt }).success).toBe(true);
  });

  test('have all hotwords up to the limit', () => {
    const hotwords = '🎙'.repeat(1000);
    expect(parse({ hotwords }).options).toEqual({ hotwords });
    const keywords = Array<string>(10).fill('x'.repeat(98));
    expect(parse({ keywords }).options).toEqual({ hotwords: keywords.join(', ') });
  });

  test.each<Record<string, string>>([
    { diarize: 'true' },
    { diarize: '1' },
    { model: 'gpt-4o-transcribe-diarize' },
    { response_format: 'diarized_json' },
  ])('enable diarization with %j', (values) =>
    expect(parse({ ...values, speaker_cleanup: ['interjections', 'none'] }).options).toEqual({
      diarize: true,
      speaker_cleanup: ['interjections'],
    }),
  );

  test.each<Values>([{}, { response_format: 'diarized_json' }, { model: 'gpt-4o-transcribe-diarize' }])(
    'enable no diarization with separate channels and %j',
    (values) => {
      expect(parse({ ...values, channels: 'separate' }).options).toEqual({ channels: 'separate' });
    },
  );

  test('name the speakers of separate channels', () => {
    const named = { channels: 'separate', known_speaker_names: ['Ada', 'Ben'] };
    expect(parse(named).options).toEqual(named);
  });

  test('request separate channels of a translation', () =>
    expect(parse({ channels: 'separate' }, 'translate').options).toEqual({
      channels: 'separate',
      task: 'translate',
    }));

  test.each<[Values, JobOptions]>([
    // A cleanup has no effect without speakers.
    [{ speaker_cleanup: 'interjections' }, {}],
    [{ keywords: ['Ada Lovelace', 'Babbage'] }, { hotwords: 'Ada Lovelace, Babbage' }],
    [{ languages: ['en', 'German'] }, { languages: ['en', 'de'] }],
    [{ languages: 'en-US' }, { language: 'en' }],
    [{ language: 'English' }, { language: 'en' }],
    [{ chunking_strategy: 'auto' }, {}],
    [{ chunking_strategy: '{"type":"server_vad","threshold":0.5}' }, {}],
    [{ chunking_strategy: '{"type":"server_vad","threshold":"0.5","silence_duration_ms":"200"}' }, {}],
  ])('of %j are %j', (values, options) => expect(parse(values).options).toEqual(options));

  test('leave out the answer’s format, which the request for the transcript repeats', () => {
    const values = {
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
      max_line_width: '20',
    };
    expect(parse(values).unsupported).toEqual([]);
  });

  test('of a translation are fewer', () => {
    expect(refusal({ diarize: 'true' }, 'translate').message).toMatch(/"diarize" is not a known field/);
    expect(refusal({ response_format: 'diarized_json' }, 'translate').message).toMatch(/translations/);
  });

  test('support any model of OpenAI’s, and the deployed one', () => {
    expect(parse({ model: 'gpt-transcribe' }).unsupported).toEqual([]);
    expect(parse({ model: 'openai/whisper-large-v3' }, 'transcribe', 'large-v3').unsupported).toEqual([]);
    expect(parse({ model: 'medium' }, 'transcribe', 'large-v3').unsupported).toMatchObject([
      { param: 'model' },
    ]);
  });
});

test('the answer of gpt-transcribe lists the detected languages', () => {
  expect(parse({ model: 'gpt-transcribe' }).answer.languages).toBe(true);
  expect(parse({ model: 'whisper-1' }).answer.languages).toBe(false);
});

const url = 'data:audio/wav;base64,AAAA';
test.each<[Values, string, RegExp]>([
  [{ colour: 'red' }, 'colour', /"colour" is not a known field. Known: file, job, model/],
  [{ model: ['a', 'b'] }, 'model', /given 2 times/],
  [{ model: 'x'.repeat(300) }, 'model', /at most 256 characters: shorten it; got "x{100}…"/],
  [{ response_format: 'txt' }, 'response_format', /one of json, text, srt.*; got "txt"/],
  [{ temperature: '1.5' }, 'temperature', /a number from 0 to 1; got "1.5"/],
  [{ temperature: '0x1' }, 'temperature', /a number/],
  [{ stream: 'maybe' }, 'stream', /true or false; got "maybe"/],
  [{ language: 'Klingon' }, 'language', /that Whisper supports.*; got "Klingon"/],
  [{ languages: ['en', 'xx'] }, 'languages.1', /that Whisper supports.*; got "xx"/],
  [{ language: 'en', languages: 'de' }, 'languages', /cannot be combined with "language"/],
  [{ languages: Array<string>(21).fill('en') }, 'languages', /<=20/],
  [{ keywords: Array<string>(101).fill('a') }, 'keywords', /<=100/],
  [{ keywords: 'a', hotwords: 'b' }, 'keywords', /send one/],
  [{ hotwords: 'x'.repeat(1001) }, 'hotwords', /at most 1000 characters/],
  [{ keywords: Array<string>(10).fill('x'.repeat(99)) }, 'keywords', /at most 1000 .* in total.*; got 1008/],
  [{ chunking_strategy: 'never' }, 'chunking_strategy', /server_vad.*; got "never"/],
  [{ chunking_strategy: '{"type":"server_vad","speed":1}' }, 'chunking_strategy', /server_vad/],
  [{ chunking_strategy: '{"type":"server_vad","threshold":"loud"}' }, 'chunking_strategy', /server_vad/],
  [{ timestamp_granularities: 'word' }, 'timestamp_granularities', /requires "response_format" verbose_json/],
  [
    { timestamp_granularities: 'letter', response_format: 'verbose_json' },
    'timestamp_granularities.0',
    /word, segment; got "letter"/,
  ],
  [{ stream: 'true', response_format: 'srt' }, 'stream', /requires "response_format" json, text/],
  [{ include: 'logprobs' }, 'include', /leave it out/],
  [{ channels: 'left' }, 'channels', /Expected one of mixed, separate/],
  [{ channels: 'separate', diarize: 'true' }, 'channels', /leave "diarize" out, or send "mixed"/],
  [
    { channels: 'separate', known_speaker_names: 'Ada', known_speaker_references: url },
    'known_speaker_references',
    /leave it out; names are assigned in the order of first speech/,
  ],
  [{ num_speakers: '2' }, 'num_speakers', /It requires "diarize": true/],
  [{ known_speaker_names: 'Ada' }, 'known_speaker_names', /requires "diarize"/],
  [{ diarize: 'true', known_speaker_names: ['Ada', 'Ada'] }, 'known_speaker_names', /repeats a name/],
  [{ diarize: 'true', known_speaker_references: url }, 'known_speaker_references', /one entry for each/],
  [
    { diarize: 'true', known_speaker_names: 'Ada', known_speaker_references: 'https://example.com/a.wav' },
    'known_speaker_references.0',
    /data URL/,
  ],
])('%j is refused before any work', (values, param, message) => {
  expect(refusal(values)).toMatchObject({ status: 400, code: 'invalid_request', options: { param } });
  expect(refusal(values).message).toMatch(message);
});
