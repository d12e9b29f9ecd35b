import { OPTION_LIMITS, SPEAKER_RULES, type TranscriptionOptions } from '../../lambda/contract';
import { Refusal } from '../../lambda/http';
import { parseSubmitJob } from '../../lambda/submit-request';
import withOptions from '../fixtures/contract/TranscribeRequest.options.json';

const parse = (options: unknown) => parseSubmitJob({ options }, 1000).options;
const refusal = (options: unknown): Refusal => {
  try {
    parse(options);
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error('not refused');
};

test.each<TranscriptionOptions>([
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
])('%j is taken as it is', (options) => {
  expect(parse(options)).toEqual(options);
});

test('what the model service is asked for can be chosen', () => {
  const ours = ['path', 'max_seconds'];
  const options = Object.fromEntries(Object.entries(withOptions).filter(([field]) => !ours.includes(field)));
  expect(parse(options)).toEqual(options);
});

test.each<[Record<string, unknown>, string, RegExp]>([
  [{ task: 'summarise' }, 'task', /"transcribe"\|"translate"; got "summarise"$/],
  [{ hotwords: ['a'] }, 'hotwords', /expected string.*; got \["a"\]$/],
  [{ hotwords: 'x'.repeat(1001) }, 'hotwords', /Expected at most 1000 characters: shorten it; got "x{99}$/],
  [{ prompt: '🎙'.repeat(2001) }, 'prompt', /Expected at most 2000 characters: shorten it; got "/],
  [{ prompt: 'half \ud83c' }, 'prompt', /Expected whole Unicode characters.*; got "half \\ud83c"$/],
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
  [{ num_speakers: 2 }, 'num_speakers', /It needs "diarize": true: add that, or leave it out; got 2$/],
  [{ diarize: false, min_speakers: 2 }, 'min_speakers', /It needs "diarize": true.*; got 2$/],
  [{ max_speakers: 2 }, 'max_speakers', /It needs "diarize": true.*; got 2$/],
  [{ speaker_cleanup: [] }, 'speaker_cleanup', /It needs "diarize": true.*; got \[\]$/],
  [
    { diarize: true, num_speakers: 2, min_speakers: 1 },
    'num_speakers',
    /It excludes "min_speakers" and "max_speakers": give the exact number or its bounds, not both; got 2$/,
  ],
  [{ diarize: true, num_speakers: 2, max_speakers: 2 }, 'num_speakers', /It excludes/],
  [
    { diarize: true, min_speakers: 4, max_speakers: 3 },
    'min_speakers',
    /It must be at most "max_speakers": lower it, or raise that; got 4$/,
  ],
  [{ speakers: 2 }, 'speakers', /Unrecognized key: "speakers"; got 2$/],
])('%j is refused with the field, the limit, the value and the cure', (options, field, message) => {
  expect(refusal(options)).toMatchObject({
    status: 400,
    code: 'invalid_request',
    message: expect.stringMatching(message),
    options: { param: `options.${field}` },
  });
});
