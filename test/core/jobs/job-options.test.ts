import { ANALYSIS_TASKS, SPEAKER_RULES } from '../../../core/contract/names';
import type { JobOptions } from '../../../core/contract/work/options';
import { OPTION_LIMITS, QUESTION_LIMITS } from '../../../core/contract/limits';
import { Refusal } from '../../../lambda/frame/refusal';
import { parseSubmitJob } from '../../../lambda/api/submit-request';
import withOptions from '../../fixtures/contract/TranscribeRequest.options.json';

const parse = (options: unknown, analysis = true) => {
  const deployed = { transcription: {}, ...(analysis && { analysis: {} }) };
  return parseSubmitJob({ options }, { maxUploadBytes: 1000, deployed }).options;
};
const refusal = (options: unknown, analysis?: boolean): Refusal => {
  try {
    parse(options, analysis);
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error('not refused');
};

test.each<JobOptions>([
  {},
  { language: 'yue', task: 'translate' },
  { task: 'transcribe', hotwords: '', prompt: 'Gläser, 眼鏡.' },
  { hotwords: '🎙'.repeat(OPTION_LIMITS.hotwords), prompt: 'x'.repeat(OPTION_LIMITS.prompt) },
  { diarize: false },
  { diarize: true },
  { diarize: true, num_speakers: 1 },
  { diarize: true, num_speakers: OPTION_LIMITS.speakers },
  { diarize: true, min_speakers: 3 },
  { diarize: true, max_speakers: 3 },
  { diarize: true, min_speakers: 3, max_speakers: 3 },
  { diarize: true, speaker_cleanup: [] },
  { diarize: true, speaker_cleanup: [...SPEAKER_RULES] },
  { channels: 'separate' },
  { channels: 'separate', diarize: false },
  { channels: 'mixed', diarize: true },
  { diarize: true, known_speaker_names: ['Ada', 'Grace'] },
  { channels: 'separate', known_speaker_names: ['Ada', 'Grace'] },
  { analysis: false },
  { analysis: {} },
  { analysis: { tasks: [...ANALYSIS_TASKS] } },
  { analysis: { schema: { type: 'object', properties: { caller: { type: ['string', 'null'] } } } } },
  { analysis: { tasks: ['topics'], questions: Array<string>(QUESTION_LIMITS.count).fill('Who pays?') } },
])('%j is stored unchanged', (options) => {
  expect(parse(options)).toEqual(options);
});

test.each<[JobOptions, JobOptions]>([
  [{ language: 'English' }, { language: 'en' }],
  [{ language: 'EN' }, { language: 'en' }],
  [{ language: 'auto' }, {}],
  [{ languages: ['en', 'German', 'de-AT'] }, { languages: ['en', 'de'] }],
  [{ languages: ['eng', 'en-US'] }, { language: 'en' }],
  [{ languages: ['auto'] }, {}],
  [{ languages: ['en', 'Auto'] }, {}],
])('%j is stored as %j', (options, meant) => {
  expect(parse(options)).toEqual(meant);
});

test('every option of the model service is accepted', () => {
  const ours = ['path', 'max_seconds'];
  const options = Object.fromEntries(Object.entries(withOptions).filter(([field]) => !ours.includes(field)));
  expect(parse(options)).toEqual(options);
});

test.each<[Record<string, unknown>, string, RegExp]>([
  [{ task: 'summarise' }, 'task', /"transcribe"\|"translate"; got "summarise"$/],
  [{ hotwords: ['a'] }, 'hotwords', /expected string.*; got \["a"\]$/],
  [
    { hotwords: 'x'.repeat(1001) },
    'hotwords',
    /Expected at most 1000 characters: shorten it; got "x{100}…"$/,
  ],
  [{ prompt: '🎙'.repeat(2001) }, 'prompt', /Expected at most 2000 characters: shorten it; got "/],
  [{ prompt: 'half \ud83c' }, 'prompt', /Expected valid Unicode.*; got "half \\ud83c"$/],
  [{ language: 'xx' }, 'language', /that Whisper supports, such as "en".*; got "xx"$/],
  [{ languages: [] }, 'languages', />=1/],
  [{ language: 'en', languages: ['de'] }, 'languages', /It cannot be combined with "language"/],
  [{ diarize: 'yes' }, 'diarize', /expected boolean.*; got "yes"$/],
  [{ diarize: true, num_speakers: 0 }, 'num_speakers', />=1; got 0$/],
  [{ diarize: true, max_speakers: 21 }, 'max_speakers', /<=20; got 21$/],
  [{ diarize: true, min_speakers: 1.5 }, 'min_speakers', /int.*; got 1\.5$/],
  [
    { diarize: true, speaker_cleanup: ['shouting'] },
    'speaker_cleanup.0',
    /"short_turns"\|.*; got "shouting"$/,
  ],
  [{ diarize: true, speaker_cleanup: Array(4).fill('short_turns') }, 'speaker_cleanup', /<=3.*; got \[/],
  [{ channels: 'left' }, 'channels', /"mixed"\|"separate"; got "left"$/],
  [
    { channels: 'separate', diarize: true },
    'channels',
    /channels are the speakers; leave "diarize" out, or send "mixed"/,
  ],
  [{ channels: 'separate', num_speakers: 2 }, 'num_speakers', /channels are the speakers; leave it out/],
  [{ num_speakers: 2 }, 'num_speakers', /It requires "diarize": true; add that, or leave it out; got 2$/],
  [{ diarize: false, min_speakers: 2 }, 'min_speakers', /It requires "diarize": true.*; got 2$/],
  [{ max_speakers: 2 }, 'max_speakers', /It requires "diarize": true.*; got 2$/],
  [{ speaker_cleanup: [] }, 'speaker_cleanup', /It requires "diarize": true.*; got \[\]$/],
  [
    { diarize: true, num_speakers: 2, min_speakers: 1 },
    'num_speakers',
    /It cannot be combined with "min_speakers" or "max_speakers"; send the exact number, or its bounds; got 2$/,
  ],
  [{ diarize: true, num_speakers: 2, max_speakers: 2 }, 'num_speakers', /cannot be combined/],
  [
    { diarize: true, min_speakers: 4, max_speakers: 3 },
    'min_speakers',
    /It must be at most "max_speakers"; lower it, or raise "max_speakers"; got 4$/,
  ],
  [{ analysis: true }, 'analysis', /Expected false, or an object with "tasks", .*; got true$/],
  [{ analysis: null }, 'analysis', /got null$/],
  [{ analysis: { tasks: [] } }, 'analysis.tasks', />=1.*; got \[\]$/],
  [{ analysis: { tasks: ['gossip'] } }, 'analysis.tasks.0', /"summary"\|.*; got "gossip"$/],
  [{ analysis: { questions: ['Who?', ' '] } }, 'analysis.questions.1', />=1.*; got " "$/],
  [{ analysis: { questions: ['x'.repeat(501)] } }, 'analysis.questions.0', /at most 500 characters/],
  [{ analysis: { questions: Array(11).fill('Who?') } }, 'analysis.questions', /<=10.*; got \[/],
  [{ analysis: { topics: 3 } }, 'analysis.topics', /Unrecognized key: "topics"; got 3$/],
  [{ analysis: { schema: 'x' } }, 'analysis.schema', /expected record.*; got "x"$/],
  [
    { analysis: { schema: { type: 'object', properties: { a: { type: 'string', format: 'date' } } } } },
    'analysis.schema.properties.a.format',
    /It is not supported for the type string: describe the form in "description"; got "date"$/,
  ],
  [
    { analysis: { schema: { type: 'object', properties: { a: { $ref: 'https://example.com/' } } } } },
    'analysis.schema.properties.a.$ref',
    /Only references to "\$defs" of this schema/,
  ],
  [
    { analysis: { schema: { type: 'object', description: 'x'.repeat(20_000) } } },
    'analysis.schema',
    /at most 16384 are allowed: shorten it; got \{/,
  ],
  [{ speakers: 2 }, 'speakers', /Unrecognized key: "speakers"; got 2$/],
])('%j is refused with the field, the limit, the value and the remedy', (options, field, message) => {
  expect(refusal(options)).toMatchObject({
    status: 400,
    code: 'invalid_request',
    message: expect.stringMatching(message),
    options: { param: `options.${field}` },
  });
});

test('an analysis is refused on a path without analyses, but may be declined', () => {
  expect(parse({ analysis: false }, false)).toEqual({ analysis: false });
  expect(refusal({ analysis: {} }, false)).toMatchObject({
    status: 400,
    message: expect.stringMatching(
      /^"options\.analysis" is not supported by this deployment\. Supported tasks: transcription\. Leave it out/,
    ),
    options: { param: 'options.analysis' },
  });
});
