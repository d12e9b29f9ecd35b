import { shown } from '../../core/contract/text';
import type { SubmittedOptions } from '../../core/contract/work/options';
import { chosenVoices, voiceKeys } from '../../core/voices/chosen-voices';
import type { VoiceStore } from '../../core/voices/voice-store';
import { Refusal } from '../frame/refusal';

/** Kept voices of a job: names, and keys of their recordings in the same order. */
export interface KnownVoices {
  names: string[];
  keys: string[];
}

/**
 * The kept voices that a request for a job names. The job reads their recordings when it starts, and
 * keeps no copies.
 *
 * @param isNamed whether the request names its tasks
 * @returns undefined if it names no voices
 * @throws Refusal (400) with the first one that does not exist
 */
export async function requestedVoices(
  chosen: SubmittedOptions['voices'],
  isNamed: boolean,
  tenant: string,
  store: Pick<VoiceStore, 'list'>,
): Promise<KnownVoices | undefined> {
  if (chosen === undefined) return undefined;
  const found = chosenVoices(chosen, await store.list(tenant));
  const param = isNamed ? 'tasks.transcription.voices' : 'options.voices';
  if ('unknown' in found) {
    const message = `There is no voice ${shown(found.unknown)}: GET /v1/voices lists them, POST /v1/voices keeps one`;
    throw new Refusal(400, 'invalid_request', message, { param });
  }
  if (found.voices.length === 0) {
    const message = `"${param}" is "all", but there are no voices: keep one with POST /v1/voices, or leave it out`;
    throw new Refusal(400, 'invalid_request', message, { param });
  }
  const { voices } = found;
  return { names: voices.map(({ name }) => name), keys: voiceKeys(tenant, voices) };
}
