import * as z from 'zod/mini';
import { Analysis, AnalyzeEvent } from './analysis';
import { TranscribeEvent } from './transcription';
import { Transcript } from './transcript';
import { Degradation, JobError } from './values';

/** JSON answer of the worker's `POST /hybrid`. */
export const HybridResult = z.object({
  transcript: z.optional(Transcript),
  analysis: z.optional(Analysis),
  degraded: z.array(Degradation),
});
export type HybridResult = z.infer<typeof HybridResult>;

/** A line of the NDJSON answer of the worker's `POST /hybrid`. */
export const HybridEvent = z.discriminatedUnion('type', [
  /** What the transcribing service tells: its last event is the transcript, readable while the analysis still runs. */
  z.object({ type: z.literal('transcript'), event: TranscribeEvent }),
  z.object({ type: z.literal('analysis'), event: AnalyzeEvent }),
  /** The last line of a success: both, the claims joined to the transcript's words; or one, and why the other is missing. */
  z.extend(HybridResult, { type: z.literal('result') }),
  /** The last line of a failure. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type HybridEvent = z.infer<typeof HybridEvent>;
