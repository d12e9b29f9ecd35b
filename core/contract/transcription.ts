import * as z from 'zod/mini';
import { STAGE_STATES } from './names';
import { TranscriptionOptions } from './options';
import { Segment, Transcript } from './transcript';
import { Degradation, Fraction, JobError, Seconds, SharedPath, StageName } from './values';

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
