import * as z from 'zod/mini';
import { SPEAKER_LIMITS } from '../limits';
import { STAGE_STATES, TASK_STAGES } from '../names';
import { TranscriptionOptions } from './options';
import { Segment, Transcript } from './transcript';
import { Degradation, Fraction, JobError, Seconds, SharedPath } from '../values';

/** JSON body of `POST /transcribe` for audio on the shared volume. */
export const TranscribeRequest = z.extend(TranscriptionOptions, {
  path: SharedPath,
  /**
   * Paths of recordings of `known_speaker_names`, in the same order. @default - none
   */
  known_speaker_references: z.optional(z.array(SharedPath).check(z.maxLength(SPEAKER_LIMITS.names))),
  /** Seconds at which to start, because an earlier attempt transcribed the rest. @default 0 */
  start_at: z.optional(Seconds),
  /**
   * Segments of that attempt before `start_at`, which become part of the result. @default - none
   */
  earlier: z.optional(z.array(Segment)),
  /** Missing stages of that attempt's part. @default - none */
  earlier_degraded: z.optional(z.array(Degradation)),
  /** Longest audio in seconds. @default - the service's own cap */
  max_seconds: z.optional(z.number().check(z.positive())),
});
export type TranscribeRequest = z.infer<typeof TranscribeRequest>;

/** A line of the NDJSON response (`Accept: application/x-ndjson`) of `POST /transcribe`. */
export const TranscribeEvent = z.discriminatedUnion('type', [
  /** The audio is decoded. `language` is the language of the text. */
  z.object({
    type: z.literal('started'),
    duration: Seconds,
    engine: z.string(),
    model: z.string(),
    language: z.optional(z.string()),
  }),
  z.object({ type: z.literal('segment'), segment: Segment }),
  /**
   * All speech before `end` has been sent, so an interrupted job can resume there. `degraded`: so
   * far.
   */
  z.object({
    type: z.literal('window'),
    end: Seconds,
    progress: Fraction,
    degraded: z.optional(z.array(Degradation)),
  }),
  /** Progress of a stage other than the words. `progress` is that of the whole job. */
  z.object({
    type: z.literal('stage'),
    stage: z.enum(TASK_STAGES.transcription),
    state: z.enum(STAGE_STATES),
    progress: Fraction,
  }),
  /**
   * The last line of a success: `earlier` and everything from `start_at` on, with speakers if
   * requested.
   */
  z.object({ type: z.literal('result'), transcript: Transcript }),
  /** The last line of a failure after streaming began. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type TranscribeEvent = z.infer<typeof TranscribeEvent>;
