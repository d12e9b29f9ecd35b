import type { TranscribeEvent, TranscribeRequest } from '../../../lambda/contract';

/** A service that turns audio on the shared folder into words. It knows nothing of AWS. */
export interface ModelService {
  /** Why it takes no work now; undefined if it does. Never throws. */
  unready(): Promise<string | undefined>;

  /**
   * Transcribes a file. The last event is the result.
   *
   * @throws SpotscribeError, permanent if the audio is at fault
   * @throws the signal's reason if it is aborted, after the request has been ended
   */
  transcribe(request: TranscribeRequest, signal: AbortSignal): AsyncIterable<TranscribeEvent>;
}
