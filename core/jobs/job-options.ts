import * as z from 'zod/mini';
import { AnalysisOptions, JobOptions } from '../contract/options';
import { OPTION_LIMITS, QUESTION_LIMITS } from '../contract/limits';
import { AUTO, languageCode } from '../forms/languages';
import { text } from '../contract/text';

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

const analysis = z.extend(AnalysisOptions, {
  questions: z.optional(
    z
      .array(text(QUESTION_LIMITS.length).check(z.trim(), z.minLength(1)))
      .check(z.minLength(1), z.maxLength(QUESTION_LIMITS.count)),
  ),
});

/** Options that have no effect without diarization: refused instead of ignored. */
const WITH_DIARIZE = ['num_speakers', 'min_speakers', 'max_speakers', 'speaker_cleanup'] as const;

/** The stored options, except that languages may still be names. */
const combined: z.ZodMiniType<JobOptions> = z
  .extend(JobOptions, {
    language: z.optional(language),
    languages: z.optional(z.array(language).check(z.minLength(1), z.maxLength(languages))),
    analysis: z.optional(
      z.union([z.literal(false), analysis], 'Expected false, or an object with "tasks" and "questions"'),
    ),
  })
  .check(
    ...WITH_DIARIZE.map((field) =>
      z.refine<JobOptions>((options) => options.diarize === true || options[field] === undefined, {
        path: [field],
        error: 'It requires "diarize": true; add that, or leave it out',
      }),
    ),
    z.refine<JobOptions>((options) => options.language === undefined || options.languages === undefined, {
      path: ['languages'],
      error: 'It cannot be combined with "language"; send one of them',
    }),
    z.refine<JobOptions>(
      ({ num_speakers, min_speakers, max_speakers }) =>
        num_speakers === undefined || (min_speakers ?? max_speakers) === undefined,
      {
        path: ['num_speakers'],
        error:
          'It cannot be combined with "min_speakers" or "max_speakers"; send the exact number, or its bounds',
      },
    ),
    z.refine<JobOptions>(({ min_speakers = 1, max_speakers = speakers }) => min_speakers <= max_speakers, {
      path: ['min_speakers'],
      error: 'It must be at most "max_speakers"; lower it, or raise "max_speakers"',
    }),
  );

/**
 * Validates the options of a job and their combinations. Names of languages are converted to codes.
 */
export const jobOptions: z.ZodMiniType<JobOptions> = z.pipe(combined, z.transform(withLanguages));

/** A list with one language means that language. `auto`, alone or in a list, means any language. */
function withLanguages({ language: one, languages: some, ...more }: JobOptions): JobOptions {
  const codes = [...new Set(one === undefined ? (some ?? []) : [one])];
  if (codes.length === 0 || codes.includes(AUTO)) return more;
  return codes.length === 1 ? { language: codes[0], ...more } : { languages: codes, ...more };
}
