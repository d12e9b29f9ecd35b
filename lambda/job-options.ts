import * as z from 'zod/mini';
import { ANALYSIS_TASKS, type JobOptions, OPTION_LIMITS, QUESTION_LIMITS, SPEAKER_RULES } from './contract';

const { hotwords, prompt, speakers, languages } = OPTION_LIMITS;

const language = z.string().check(z.regex(/^[a-z]{2,3}$/, 'Expected a language code such as "en"'));

/** Text of at most so many characters, counted as Python does: one outside the first 65,536 is one, not two. */
const text = (most: number) =>
  z.string().check(
    z.refine((value) => [...value].length <= most, `Expected at most ${most} characters: shorten it`),
    // Half a character cannot be written as UTF-8, which is how the model service gets it.
    z.refine(
      (value) => !/\p{Surrogate}/u.test(value),
      'Expected whole Unicode characters: remove lone surrogates',
    ),
  );

const count = z.int().check(z.minimum(1), z.maximum(speakers));

/** Options that mean nothing unless speakers are told apart: better refused than ignored. */
const WITH_DIARIZE = ['num_speakers', 'min_speakers', 'max_speakers', 'speaker_cleanup'] as const;

/** What is to be understood. */
const analysis = z.union(
  [
    z.literal(false),
    z.strictObject({
      tasks: z.optional(
        z.array(z.enum(ANALYSIS_TASKS)).check(z.minLength(1), z.maxLength(ANALYSIS_TASKS.length)),
      ),
      questions: z.optional(
        z
          .array(text(QUESTION_LIMITS.length).check(z.trim(), z.minLength(1)))
          .check(z.minLength(1), z.maxLength(QUESTION_LIMITS.count)),
      ),
    }),
  ],
  'Expected false, or an object with "tasks" and "questions"',
);

/** What the caller may choose about a job, and in which combinations. */
export const jobOptions: z.ZodMiniType<JobOptions> = z
  .strictObject({
    language: z.optional(language),
    languages: z.optional(z.array(language).check(z.minLength(1), z.maxLength(languages))),
    task: z.optional(z.enum(['transcribe', 'translate'])),
    hotwords: z.optional(text(hotwords)),
    prompt: z.optional(text(prompt)),
    diarize: z.optional(z.boolean()),
    num_speakers: z.optional(count),
    min_speakers: z.optional(count),
    max_speakers: z.optional(count),
    speaker_cleanup: z.optional(z.array(z.enum(SPEAKER_RULES)).check(z.maxLength(SPEAKER_RULES.length))),
    analysis: z.optional(analysis),
  })
  .check(
    ...WITH_DIARIZE.map((field) =>
      z.refine<JobOptions>((options) => options.diarize === true || options[field] === undefined, {
        path: [field],
        error: 'It needs "diarize": true: add that, or leave it out',
      }),
    ),
    z.refine<JobOptions>((options) => options.language === undefined || options.languages === undefined, {
      path: ['languages'],
      error: 'It excludes "language": give one language, or those to choose from, not both',
    }),
    z.refine<JobOptions>(
      ({ num_speakers, min_speakers, max_speakers }) =>
        num_speakers === undefined || (min_speakers ?? max_speakers) === undefined,
      {
        path: ['num_speakers'],
        error: 'It excludes "min_speakers" and "max_speakers": give the exact number or its bounds, not both',
      },
    ),
    z.refine<JobOptions>(({ min_speakers = 1, max_speakers = speakers }) => min_speakers <= max_speakers, {
      path: ['min_speakers'],
      error: 'It must be at most "max_speakers": lower it, or raise that',
    }),
  );
