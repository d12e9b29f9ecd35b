import type { JobRow, Transcript, TranscriptionOptions } from '../../../lambda/contract';

export type Stages = JobRow['stages'];

/** How the stages stand when an attempt begins: what an earlier one was at does not count any more. */
export const stagesAtStart = ({ diarize }: TranscriptionOptions): Stages => ({
  transcript: 'running',
  ...(diarize === true && { diarization: 'waiting' as const }),
});

/** How they ended. A transcript lacks its speakers where diarization failed, and `degraded` says why. */
export function stagesAtEnd({ diarize }: TranscriptionOptions, transcript: Transcript): Stages {
  const lost =
    transcript.diarization === undefined || transcript.degraded.some(({ stage }) => stage === 'diarization');
  return {
    transcript: 'succeeded',
    ...(diarize === true && { diarization: lost ? ('failed' as const) : ('succeeded' as const) }),
  };
}
