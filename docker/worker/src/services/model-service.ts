import type { AnalyzeEvent, AnalyzeRequest } from '../../../../core/contract/analysis';
import type { TranscribeEvent, TranscribeRequest } from '../../../../core/contract/transcription';

/**
 * How a service is. One that loads its model, that is stuck and about to start anew (both are `loading`), or that is not
 * there, may be ready in a while; one that failed will not.
 */
export type ServiceState =
  | {
      state: 'ready';
      /** Time without a request, ours or anybody's. @default - it does not say */
      idleSeconds?: number;
    }
  | { state: 'loading' | 'absent' | 'failed'; /** For people. */ reason: string };

/** A service with a model that works on audio on the shared folder. It knows nothing of AWS. */
export interface ModelService {
  /** For people: `whisper` or `voxtral`. */
  readonly name: string;

  /** Never throws. */
  state(): Promise<ServiceState>;

  /**
   * Transcribes a file. The last event is the result.
   *
   * @throws SpotscribeError, permanent if the audio is at fault
   * @throws the signal's reason if it is aborted, after the request has been ended
   */
  transcribe(request: TranscribeRequest, signal: AbortSignal): AsyncIterable<TranscribeEvent>;

  /** Understands a file. The last event is the result. Throws as `transcribe`. */
  analyze(request: AnalyzeRequest, signal: AbortSignal): AsyncIterable<AnalyzeEvent>;
}
