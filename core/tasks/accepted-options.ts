import * as z from 'zod/mini';
import { OPTION_LIMITS, QUESTION_LIMITS, SPEAKER_LIMITS, VOICE_LIMITS } from '../contract/limits';
import { AnalysisOptions, SubmittedOptions, SubmittedTranscription } from '../contract/work/options';
import { text } from '../contract/text';
import { answerSchemaFault } from './answer-schema';
import { recordingIn } from '../forms/data-url';
import { AUTO, languageCode } from '../forms/languages';

// Options as clients send them. They are converted to the options of the contract.

const { speakers, languages } = OPTION_LIMITS;

const UNKNOWN_LANGUAGE = 'Expected a language that Whisper supports, such as "en", "en-US" or "English"';

/** Any name of a language, or `auto`: see `languages.ts`. */
const language = z.pipe(
  text(35),
  z.transform((value, context) => {
    const code = value.trim().toLowerCase() === AUTO ? AUTO : languageCode(value);
    if (code === undefined) {
      context.issues.push({ code: 'custom', message: UNKNOWN_LANGUAGE, input: value });
      return z.NEVER;
    }
    return code;
  }),
);

const spoken = {
  language: z.optional(language),
  languages: z.optional(z.array(language).check(z.minLength(1), z.maxLength(languages))),
};

const { name, reference, references } = SPEAKER_LIMITS;

/** Known speakers. More names than speakers would never be given. */
const known = {
  known_speaker_names: z.optional(z.array(text(name, 1)).check(z.maxLength(speakers))),
  known_speaker_references: z.optional(
    z
      .array(
        text(reference).check(
          z.refine(
            (url) => recordingIn(url) !== undefined,
            'Expected a recording as a data URL, such as data:audio/wav;base64,…: URLs are not fetched',
          ),
        ),
      )
      .check(z.maxLength(references)),
  ),
  voices: z.optional(
    z.union(
      [z.literal('all'), z.array(text(name, 1)).check(z.minLength(1), z.maxLength(VOICE_LIMITS.chosen))],
      `Expected "all", or a list of 1 to ${VOICE_LIMITS.chosen} names or ids of voices`,
    ),
  ),
};

/** Options that have no effect without diarization: refused instead of ignored. */
const WITH_DIARIZE = [
  'num_speakers',
  'min_speakers',
  'max_speakers',
  'speaker_cleanup',
  'known_speaker_names',
  'voices',
] as const;

const hasSeparateChannels = ({ channels }: SubmittedTranscription) => channels === 'separate';

/** Whether a result has what the option is about. Channels have names, and nothing else to choose. */
const hasSpeakers = (options: SubmittedTranscription, field: (typeof WITH_DIARIZE)[number]) =>
  options.diarize === true || (field === 'known_speaker_names' && hasSeparateChannels(options));

/** Combinations of options that are refused. */
const combinations = <T extends SubmittedTranscription>() => [
  ...WITH_DIARIZE.map((field) =>
    z.refine<T>((options) => options[field] === undefined || hasSpeakers(options, field), {
      path: [field],
      error: ({ input }) =>
        hasSeparateChannels(input as T)
          ? 'With "channels": "separate", the channels are the speakers; leave it out'
          : 'It requires "diarize": true; add that, or leave it out',
    }),
  ),
  z.refine<T>((options) => options.diarize !== true || !hasSeparateChannels(options), {
    path: ['channels'],
    error:
      '"separate" cannot be combined with "diarize": the channels are the speakers; leave "diarize" out, or send "mixed"',
  }),
  z.refine<T>((options) => options.language === undefined || options.languages === undefined, {
    path: ['languages'],
    error: 'It cannot be combined with "language"; send one of them',
  }),
  z.refine<T>(
    ({ num_speakers, min_speakers, max_speakers }) =>
      num_speakers === undefined || (min_speakers ?? max_speakers) === undefined,
    {
      path: ['num_speakers'],
      error:
        'It cannot be combined with "min_speakers" or "max_speakers"; send the exact number, or its bounds',
    },
  ),
  z.refine<T>(({ min_speakers = 1, max_speakers = speakers }) => min_speakers <= max_speakers, {
    path: ['min_speakers'],
    error: 'It must be at most "max_speakers"; lower it, or raise "max_speakers"',
  }),
  z.refine<T>(({ known_speaker_names: names = [] }) => new Set(names).size === names.length, {
    path: ['known_speaker_names'],
    error: 'It repeats a name: send each name once',
  }),
  z.refine<T>((options) => options.known_speaker_references === undefined || !hasSeparateChannels(options), {
    path: ['known_speaker_references'],
    error:
      'It cannot be combined with "channels": "separate": leave it out; names are assigned in the order of first speech',
  }),
  z.refine<T>(
    ({ known_speaker_names: names = [], known_speaker_references: urls = [] }) =>
      urls.length === 0 || urls.length === names.length,
    {
      path: ['known_speaker_references'],
      error: 'It must have one entry for each of "known_speaker_names", in the same order',
    },
  ),
  z.refine<T>(({ known_speaker_names: names, voices }) => names === undefined || voices === undefined, {
    path: ['voices'],
    error: 'It cannot be combined with "known_speaker_names"; keep all voices, or send all recordings',
  }),
];

/** A list with one language means that language. `auto`, alone or in a list, means any language. */
function withLanguages<T extends SubmittedTranscription>({ language: one, languages: some, ...more }: T) {
  const codes = [...new Set(one === undefined ? (some ?? []) : [one])];
  if (codes.length === 0 || codes.includes(AUTO)) return more;
  return codes.length === 1 ? { language: codes[0], ...more } : { languages: codes, ...more };
}

/** Options of a transcription. Names of languages are converted to codes. */
export const transcriptionOptions = z.pipe(
  z.extend(SubmittedTranscription, { ...spoken, ...known }).check(...combinations()),
  z.transform(withLanguages<SubmittedTranscription>),
) as z.ZodMiniType<SubmittedTranscription>;

/** A JSON schema for an answer, with the path of its fault. */
const answerSchema = z.record(z.string(), z.unknown()).check((context) => {
  const fault = answerSchemaFault(context.value);
  if (fault === undefined) return;
  context.issues.push({ code: 'custom', message: fault.reason, path: fault.path, input: context.value });
});

/** Options of an analysis. */
export const analysisOptions: z.ZodMiniType<AnalysisOptions> = z.pipe(
  z.extend(AnalysisOptions, {
    language: z.optional(language),
    questions: z.optional(
      z
        .array(text(QUESTION_LIMITS.length).check(z.trim(), z.minLength(1)))
        .check(z.minLength(1), z.maxLength(QUESTION_LIMITS.count)),
    ),
    schema: z.optional(answerSchema),
  }),
  z.transform(({ language: code, ...more }: AnalysisOptions) =>
    code === undefined || code === AUTO ? more : { language: code, ...more },
  ),
);

/** Options of both as one flat object. */
export const jobOptions = z.pipe(
  z
    .extend(SubmittedOptions, {
      ...spoken,
      ...known,
      analysis: z.optional(
        z.union(
          [z.literal(false), analysisOptions],
          'Expected false, or an object with "tasks", "questions" and "schema"',
        ),
      ),
    })
    .check(...combinations()),
  z.transform(withLanguages<SubmittedOptions>),
) as z.ZodMiniType<SubmittedOptions>;
