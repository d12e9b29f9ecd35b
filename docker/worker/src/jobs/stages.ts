import type { JobOptions } from '../../../../core/contract/options';
import type { JobRow } from '../../../../core/contract/job';
import type { Transcript } from '../../../../core/contract/transcript';
import type { Outcome } from './steps';

export type Stages = JobRow['stages'];

/** How the stages stand when an attempt begins: what an earlier one was at does not count any more. */
export const stagesAtStart = ({ diarize }: JobOptions, analysis: boolean): Stages => ({
  transcript: 'running',
  ...(diarize === true && { diarization: 'waiting' as const }),
  ...(analysis && { analysis: 'running' as const }),
});

/** The transcript's stages once it is there. It lacks its speakers where diarization failed, and `degraded` says why. */
export function stagesOf({ diarize }: JobOptions, transcript: Transcript): Stages {
  const lost =
    transcript.diarization === undefined || transcript.degraded.some(({ stage }) => stage === 'diarization');
  return {
    transcript: 'succeeded',
    ...(diarize === true && { diarization: lost ? ('failed' as const) : ('succeeded' as const) }),
  };
}

/** How the stages ended. */
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
