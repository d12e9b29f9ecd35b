import * as z from 'zod/mini';
import { Analysis, AnalyzeEvent } from './analysis';
import { TranscribeEvent } from './transcription';
import { Transcript } from './transcript';
import { Degradation, JobError } from '../values';

/** JSON response of the worker's `POST /hybrid`. */
export const HybridResult = z.object({
  transcript: z.optional(Transcript),
  analysis: z.optional(Analysis),
  degraded: z.array(Degradation),
});
export type HybridResult = z.infer<typeof HybridResult>;

/** A line of the NDJSON response of the worker's `POST /hybrid`. */
export const HybridEvent = z.discriminatedUnion('type', [
  /**
   * An event of the transcribing service. Its last event is the transcript, which can be read while
   * the analysis still runs.
   */
  z.object({ type: z.literal('transcript'), event: TranscribeEvent }),
  z.object({ type: z.literal('analysis'), event: AnalyzeEvent }),
  /**
   * The last line of a success: both results, with the claims located in the transcript, or one
   * result and why the other is missing.
   */
  z.extend(HybridResult, { type: z.literal('result') }),
  /** The last line of a failure. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type HybridEvent = z.infer<typeof HybridEvent>;
