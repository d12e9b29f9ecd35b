import * as z from 'zod/mini';
import { OPTION_LIMITS } from './limits';
import { SPEAKER_RULES, STAGE_STATES, TASKS } from './names';
import { text } from './text';
import { Segment, Transcript } from './transcript';
import { Degradation, Fraction, JobError, Seconds, StageName } from './values';

const speakers = z.int().check(z.minimum(1), z.maximum(OPTION_LIMITS.speakers));
const language = text(OPTION_LIMITS.language);

/** What the caller may choose about a transcription. */
export const TranscriptionOptions = z.strictObject({
  /** ISO 639-1 code, such as `en`. @default - detected from the audio */
  language: z.optional(language),
  /** ISO 639-1 codes among which the language is detected; excludes `language`. @default - every language of the model */
  languages: z.optional(z.array(language).check(z.minLength(1), z.maxLength(OPTION_LIMITS.languages))),
  /** `translate` gives English text, whatever was spoken. @default 'transcribe' */
  task: z.optional(z.enum(TASKS)),
  /** Names and rare words to listen for. @default - none */
  hotwords: z.optional(text(OPTION_LIMITS.hotwords)),
  /** Text in the style that is wanted, as if it had been said before. @default - none */
  prompt: z.optional(text(OPTION_LIMITS.prompt)),
  /** Says who spoke. @default false */
  diarize: z.optional(z.boolean()),
  /** Exact number of speakers, with `diarize`; excludes the other two. @default - found out */
  num_speakers: z.optional(speakers),
  /** Least number of speakers, with `diarize`. @default - found out */
  min_speakers: z.optional(speakers),
  /** Greatest number of speakers, with `diarize`. @default - found out */
  max_speakers: z.optional(speakers),
  /** Rules by which speakers are cleaned up, with `diarize`; an empty list keeps all of them. @default - every rule */
  speaker_cleanup: z.optional(z.array(z.enum(SPEAKER_RULES)).check(z.maxLength(SPEAKER_RULES.length))),
});
export type TranscriptionOptions = z.infer<typeof TranscriptionOptions>;

/** Path of a recording below the shared directory. */
export const SharedPath = text(1024, 1);

/** JSON body of `POST /transcribe` when the audio lies on the shared volume. */
export const TranscribeRequest = z.extend(TranscriptionOptions, {
  path: SharedPath,
  /** Seconds at which to begin: what comes before was transcribed by an earlier attempt. @default 0 */
  start_at: z.optional(Seconds),
  /** What that attempt heard before `start_at`: it becomes part of the result. @default - nothing */
  earlier: z.optional(z.array(Segment)),
  /** What that attempt's part lacks. @default - nothing */
  earlier_degraded: z.optional(z.array(Degradation)),
  /** Longest audio in seconds. @default - the service's own cap */
  max_seconds: z.optional(z.number().check(z.positive())),
});
export type TranscribeRequest = z.infer<typeof TranscribeRequest>;

/** A line of the NDJSON answer (`Accept: application/x-ndjson`) of `POST /transcribe`. */
export const TranscribeEvent = z.discriminatedUnion('type', [
  /** The audio is decoded; `language` is that of the text to come. */
  z.object({
    type: z.literal('started'),
    duration: Seconds,
    engine: z.string(),
    model: z.string(),
    language: z.optional(z.string()),
  }),
  z.object({ type: z.literal('segment'), segment: Segment }),
  /** All speech before `end` has been sent: an interrupted job can go on from there. `degraded`: so far. */
  z.object({
    type: z.literal('window'),
    end: Seconds,
    progress: Fraction,
    degraded: z.optional(z.array(Degradation)),
  }),
  /** How a stage beside the words gets on; `progress` is that of the whole work. */
  z.object({
    type: z.literal('stage'),
    stage: StageName,
    state: z.enum(STAGE_STATES),
    progress: Fraction,
  }),
  /** The last line of a success: `earlier` and everything from `start_at` on, with speakers where they were asked for. */
  z.object({ type: z.literal('result'), transcript: Transcript }),
  /** The last line of a failure after streaming began. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type TranscribeEvent = z.infer<typeof TranscribeEvent>;
