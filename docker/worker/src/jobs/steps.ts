import type { Analysis } from '../../../../core/contract/analysis';
import type { HybridResult } from '../../../../core/contract/hybrid';
import type { Transcript } from '../../../../core/contract/transcript';
import { type SpotscribeError, StaleAttempt } from '../../../../core/contract/errors';
import { asSpotscribeError, ModelServiceFailed } from '../errors';
import { locate } from '../evidence/evidence';

/** Results of a recording: a transcript, an analysis or both. */
export type Outcome = HybridResult;

/** Steps of a job. */
export interface Steps {
  transcribe: (signal: AbortSignal) => Promise<Transcript>;
  /** Undefined if no analysis was requested. */
  analyze?: (signal: AbortSignal) => Promise<Analysis>;
}

/** Result of one step. */
type StepResult<T> = { result: T } | { failure: SpotscribeError };

/**
 * Runs transcription and analysis at the same time. If one service fails, the other result is
 * returned, and `degraded` has the reason. The claims of the analysis are located in the
 * transcript.
 *
 * @throws SpotscribeError of the transcription if both fail, or if no analysis was requested;
 * permanent if the audio is the cause
 * @throws the reason of the signal if it is aborted
 */
export async function runSteps({ transcribe, analyze }: Steps, signal: AbortSignal): Promise<Outcome> {
  const ending = new AbortController();
  const joint = AbortSignal.any([signal, ending.signal]);
  const step = async <T>(
    work: (signal: AbortSignal) => Promise<T>,
    decides: boolean,
  ): Promise<StepResult<T>> => {
    try {
      return { result: await work(joint) };
    } catch (error) {
      const failure = asSpotscribeError(error);
      // If the audio is the cause, or the job is lost, the other step is useless.
      if (failure instanceof StaleAttempt || (decides && !(failure instanceof ModelServiceFailed)))
        ending.abort(failure);
      return { failure };
    }
  };
  const [transcript, analysis] = await Promise.all([
    step(transcribe, true),
    analyze === undefined ? undefined : step(analyze, false),
  ]);
  joint.throwIfAborted();
  return outcome(transcript, analysis);
}

function outcome(
  transcription: StepResult<Transcript>,
  understanding: StepResult<Analysis> | undefined,
): Outcome {
  if ('failure' in transcription) {
    if (understanding === undefined || 'failure' in understanding) throw transcription.failure;
    const lost = { stage: 'transcript' as const, reason: transcription.failure.message };
    return { analysis: understanding.result, degraded: [lost, ...understanding.result.degraded] };
  }
  const transcript = transcription.result;
  if (understanding === undefined) return { transcript, degraded: transcript.degraded };
  if ('failure' in understanding) {
    const lost = { stage: 'analysis' as const, reason: understanding.failure.message };
    return { transcript, degraded: [...transcript.degraded, lost] };
  }
  // A translation does not contain the spoken words.
  const isTranslated = transcript.task === 'translate';
  const analysis = isTranslated ? understanding.result : locate(understanding.result, transcript);
  return { transcript, analysis, degraded: [...transcript.degraded, ...analysis.degraded] };
}
