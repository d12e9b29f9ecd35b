import * as z from 'zod/mini';
import { OPTION_LIMITS, QUESTION_LIMITS } from '../contract/limits';
import { AnalysisOptions, JobOptions, TranscriptionOptions } from '../contract/work/options';
import { text } from '../contract/text';
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

/** Options that have no effect without diarization: refused instead of ignored. */
const WITH_DIARIZE = ['num_speakers', 'min_speakers', 'max_speakers', 'speaker_cleanup'] as const;

const hasSeparateChannels = ({ channels }: TranscriptionOptions) => channels === 'separate';

/** Combinations of options that are refused. */
const combinations = <T extends TranscriptionOptions>() => [
  ...WITH_DIARIZE.map((field) =>
    z.refine<T>((options) => options.diarize === true || options[field] === undefined, {
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
];

/** A list with one language means that language. `auto`, alone or in a list, means any language. */
function withLanguages<T extends TranscriptionOptions>({ language: one, languages: some, ...more }: T) {
  const codes = [...new Set(one === undefined ? (some ?? []) : [one])];
  if (codes.length === 0 || codes.includes(AUTO)) return more;
  return codes.length === 1 ? { language: codes[0], ...more } : { languages: codes, ...more };
}

/** Options of a transcription. Names of languages are converted to codes. */
export const transcriptionOptions = z.pipe(
  z.extend(TranscriptionOptions, spoken).check(...combinations()),
  z.transform(withLanguages<TranscriptionOptions>),
) as z.ZodMiniType<TranscriptionOptions>;

/** Options of an analysis. */
export const analysisOptions: z.ZodMiniType<AnalysisOptions> = z.extend(AnalysisOptions, {
  questions: z.optional(
    z
      .array(text(QUESTION_LIMITS.length).check(z.trim(), z.minLength(1)))
      .check(z.minLength(1), z.maxLength(QUESTION_LIMITS.count)),
  ),
});

/** Options of both as one flat object. */
export const jobOptions = z.pipe(
  z
    .extend(JobOptions, {
      ...spoken,
      analysis: z.optional(
        z.union(
          [z.literal(false), analysisOptions],
          'Expected false, or an object with "tasks" and "questions"',
        ),
      ),
    })
    .check(...combinations()),
  z.transform(withLanguages<JobOptions>),
) as z.ZodMiniType<JobOptions>;
