import type { Analysis } from '../../../../core/contract/analysis';
import type { HybridResult } from '../../../../core/contract/hybrid';
import type { Transcript } from '../../../../core/contract/transcript';
import { type SpotscribeError, StaleAttempt } from '../../../../core/contract/errors';
import { asSpotscribeError, ModelServiceFailed } from '../errors';
import { locate } from '../evidence/evidence';

/** What came of a recording: at least one of the two. An analysis is absent, too, where nobody asked for one. */
export type Outcome = HybridResult;

export interface Sides {
  transcribe: (signal: AbortSignal) => Promise<Transcript>;
  /** Undefined where nobody asked for it. */
  analyze?: (signal: AbortSignal) => Promise<Analysis>;
}

type Side<T> = { result: T } | { failure: SpotscribeError };

/**
 * Transcribes and understands at the same time. Where the service of one of the two fails, the other's result is
 * enough, and `degraded` says why; the claims of the analysis are joined to the words of the transcript.
 *
 * @throws SpotscribeError of the transcript if both fail, or if only that was asked for; permanent if the audio is at
 *   fault
 * @throws the signal's reason if it is aborted
 */
export async function both({ transcribe, analyze }: Sides, signal: AbortSignal): Promise<Outcome> {
  const ending = new AbortController();
  const joint = AbortSignal.any([signal, ending.signal]);
  const side = async <T>(work: (signal: AbortSignal) => Promise<T>, decides: boolean): Promise<Side<T>> => {
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
  const [words, meaning] = await Promise.all([
    side(transcribe, true),
    analyze === undefined ? undefined : side(analyze, false),
  ]);
  joint.throwIfAborted();
  return outcome(words, meaning);
}

function outcome(words: Side<Transcript>, meaning: Side<Analysis> | undefined): Outcome {
  if ('failure' in words) {
    if (meaning === undefined || 'failure' in meaning) throw words.failure;
    const lost = { stage: 'transcript' as const, reason: words.failure.message };
    return { analysis: meaning.result, degraded: [lost, ...meaning.result.degraded] };
  }
  const transcript = words.result;
  if (meaning === undefined) return { transcript, degraded: transcript.degraded };
  if ('failure' in meaning) {
    const lost = { stage: 'analysis' as const, reason: meaning.failure.message };
    return { transcript, degraded: [...transcript.degraded, lost] };
  }
  // A translation does not have the words that were heard.
  const analysis = transcript.task === 'translate' ? meaning.result : locate(meaning.result, transcript);
  return { transcript, analysis, degraded: [...transcript.degraded, ...analysis.degraded] };
}
