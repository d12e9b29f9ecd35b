import type { Analysis } from '../../../../core/contract/analysis';
import type { HybridResult } from '../../../../core/contract/hybrid';
import type { Transcript } from '../../../../core/contract/transcript';
import { type SpotscribeError, StaleAttempt } from '../../../../core/contract/errors';
import { asSpotscribeError, ModelServiceFailed } from '../errors';
import { locate } from '../evidence/evidence';

/** What came of a recording: at least one of the two. An analysis is absent, too, where nobody asked for one. */
export type Outcome = HybridResult;

/** What is done with a recording. */
export interface Steps {
  transcribe: (signal: AbortSignal) => Promise<Transcript>;
  /** Undefined where nobody asked for it. */
  analyze?: (signal: AbortSignal) => Promise<Analysis>;
}

/** What came of one step. */
type StepResult<T> = { result: T } | { failure: SpotscribeError };

/**
 * Transcribes and understands at the same time. Where the service of one of the two fails, the other's result is
 * enough, and `degraded` says why; the claims of the analysis are joined to the words of the transcript.
 *
 * @throws SpotscribeError of the transcript if both fail, or if only that was asked for; permanent if the audio is at
 *   fault
 * @throws the signal's reason if it is aborted
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
      // Where the audio is at fault, or the job is lost, the other's work is of no use.
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
  // A translation does not have the words that were heard.
  const isTranslated = transcript.task === 'translate';
  const analysis = isTranslated ? understanding.result : locate(understanding.result, transcript);
  return { transcript, analysis, degraded: [...transcript.degraded, ...analysis.degraded] };
}
