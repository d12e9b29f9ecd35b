import type { JobOptions } from '../../../../core/contract/options';
import type { JobRow } from '../../../../core/contract/job';
import type { Transcript } from '../../../../core/contract/transcript';
import type { Outcome } from './steps';

export type Stages = JobRow['stages'];

/** Stages at the start of an attempt, independent of earlier attempts. */
export const stagesAtStart = ({ diarize }: JobOptions, analysis: boolean): Stages => ({
  transcript: 'running',
  ...(diarize === true && { diarization: 'waiting' as const }),
  ...(analysis && { analysis: 'running' as const }),
});

/**
 * Stages of a finished transcript. If diarization failed, it has no speakers, and `degraded` has
 * the reason.
 */
export function stagesOf({ diarize }: JobOptions, transcript: Transcript): Stages {
  const lost =
    transcript.diarization === undefined || transcript.degraded.some(({ stage }) => stage === 'diarization');
  return {
    transcript: 'succeeded',
    ...(diarize === true && { diarization: lost ? ('failed' as const) : ('succeeded' as const) }),
  };
}

/** Stages of an ended job. */
export function stagesAtEnd(options: JobOptions, { transcript, analysis }: Outcome, wanted: boolean): Stages {
  const unheard: Stages = {
    transcript: 'failed',
    ...(options.diarize === true && { diarization: 'failed' as const }),
  };
  return {
    ...(transcript === undefined ? unheard : stagesOf(options, transcript)),
    ...(wanted && { analysis: analysis === undefined ? ('failed' as const) : ('succeeded' as const) }),
  };
}
