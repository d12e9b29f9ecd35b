import type { AnalyzeEvent, AnalyzeRequest } from '../../../../core/contract/analysis';
import type { TranscribeEvent, TranscribeRequest } from '../../../../core/contract/transcription';

/**
 * State of a service. `loading`: it loads its model, or is stuck and about to restart. `absent`: it
 * does not answer. Both may become ready. `failed`: it will not become ready.
 */
export type ServiceState =
  | {
      state: 'ready';
      /** Seconds since the last request of any client. @default - not reported */
      idleSeconds?: number;
    }
  | { state: 'loading' | 'absent' | 'failed'; /** For users and operators. */ reason: string };

/** A model service that reads audio from the shared folder. It does not depend on AWS. */
export interface ModelService {
  /** Name in messages: `whisper` or `voxtral`. */
  readonly name: string;

  /** Never throws. */
  state(): Promise<ServiceState>;

  /**
   * Transcribes a file. The last event is the result.
   *
   * @throws SpotscribeError, permanent if the audio is the cause
   * @throws the reason of the signal if it is aborted, after the request has ended
   */
  transcribe(request: TranscribeRequest, signal: AbortSignal): AsyncIterable<TranscribeEvent>;

  /** Analyses a file. The last event is the result. Throws like `transcribe`. */
  analyze(request: AnalyzeRequest, signal: AbortSignal): AsyncIterable<AnalyzeEvent>;
}
