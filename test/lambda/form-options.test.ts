import { readFileSync } from 'node:fs';
import {
  FORM_FIELDS,
  layoutOf,
  optionsOf,
  responseFormat,
  RESPONSE_FORMATS,
} from '../../lambda/form-options';
import { Refusal } from '../../lambda/http';
import { jobOptions } from '../../lambda/job-options';

type Schema = {
  properties: Record<string, { enum?: string[]; default?: unknown; minimum?: number; maximum?: number }>;
};
const { components, paths } = JSON.parse(readFileSync('docs/openapi/whisper.json', 'utf8'));

/** The form of a route, as the whisper service describes it. */
function formOf(route: string): Schema['properties'] {
  const schema = paths[`/v1/audio/${route}`].post.requestBody.content['multipart/form-data'].schema;
  const name = (schema.$ref as string | undefined)?.split('/').at(-1);
  return (name === undefined ? schema : components.schemas[name]).properties;
}

const fields = (values: Record<string, string | string[]>) =>
  new Map(Object.entries(values).map(([name, value]) => [name, [value].flat()]));

describe('the fields', () => {
  test.each([
    ['transcriptions', 'transcribe'],
    ['translations', 'translate'],
  ] as const)('of %s are those that the whisper service takes', (route, task) => {
    const names = Object.keys(formOf(route)).map((name) => name.replace('[]', ''));
    expect([...FORM_FIELDS[task], 'file'].sort()).toEqual(names.sort());
  });

  test('that lay out subtitles have the service’s bounds and defaults', () => {
    const {
      max_line_width: width,
      max_line_count: count,
      response_format: format,
    } = formOf('transcriptions');
    expect(layoutOf(fields({}))).toEqual({
      maxLineWidth: width!.default,
      maxLineCount: count!.default,
      highlightWords: false,
    });
    for (const [name, bounds] of [
      ['max_line_width', width!],
      ['max_line_count', count!],
    ] as const) {
      const layout = (value: number) => layoutOf(fields({ [name]: String(value) }));
      expect(() => layout(bounds.minimum! - 1)).toThrow(Refusal);
      expect(() => layout(bounds.maximum! + 1)).toThrow(Refusal);
      expect(Object.values(layout(bounds.minimum!))).toContain(bounds.minimum);
      expect(Object.values(layout(bounds.maximum!))).toContain(bounds.maximum);
    }
    expect([...RESPONSE_FORMATS].sort()).toEqual([...format!.enum!].sort());
  });
});

describe('the options of a job', () => {
  const options = (values: Record<string, string | string[]>) => optionsOf(fields(values), 'transcribe');

  test('are none where nothing is asked', () => {
    expect(options({ model: 'whisper-1', temperature: '0', diarize: 'false' })).toEqual({
      options: {},
      unsupported: [],
    });
  });

  test('keep of a long prompt what Whisper listens to: its end, and of hotwords the beginning', () => {
    const { prompt, hotwords } = options({
      prompt: `${'🎙'.repeat(3000)}end`,
      hotwords: `first${'x'.repeat(3000)}`,
    }).options;
    expect([...prompt!]).toHaveLength(2000);
    expect(prompt!.endsWith('🎙end')).toBe(true);
    expect(hotwords).toMatch(/^firstx{995}$/);
    expect(jobOptions.safeParse({ prompt, hotwords }).success).toBe(true);
  });

  test.each<Record<string, string>>([
    { diarize: 'true' },
    { diarize: '1' },
    { model: 'gpt-4o-transcribe-diarize' },
    { response_format: 'diarized_json' },
  ])('tell speakers apart with %j', (values) =>
    expect(options({ ...values, speaker_cleanup: ['interjections', 'none'] }).options).toEqual({
      diarize: true,
      speaker_cleanup: ['interjections'],
    }),
  );

  test('leave a cleanup out where there are no speakers', () => {
    expect(options({ speaker_cleanup: 'interjections' }).options).toEqual({});
  });

  test('lose nothing that is said again when the transcript is fetched', () => {
    const values = {
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
      max_line_width: '20',
    };
    expect(options(values).unsupported).toEqual([]);
  });

  test('of a translation are fewer', () => {
    expect(() => optionsOf(fields({ diarize: 'true' }), 'translate')).toThrow(
      /"diarize" is not a known field/,
    );
    expect(() => optionsOf(fields({ response_format: 'diarized_json' }), 'translate')).toThrow(
      /transcriptions/,
    );
  });
});

test('a format is OpenAI’s, and json if none is said', () => {
  expect(responseFormat(fields({}))).toBe('json');
  expect(responseFormat(fields({ response_format: 'vtt' }))).toBe('vtt');
  expect(() => responseFormat(fields({ response_format: 'txt' }))).toThrow(/one of json, text, srt/);
});
