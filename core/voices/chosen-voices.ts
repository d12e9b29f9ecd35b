import { KEY } from '../contract/keys';
import type { Voice } from '../contract/voices';
import type { SubmittedOptions } from '../contract/work/options';

/** The voices that a request names, each once, or the first one that does not exist. */
export function chosenVoices(
  chosen: NonNullable<SubmittedOptions['voices']>,
  kept: readonly Voice[],
): { voices: Voice[] } | { unknown: string } {
  if (chosen === 'all') return { voices: [...kept] };
  const found = new Set<Voice>();
  for (const each of chosen) {
    const voice = kept.find(({ id }) => id === each) ?? kept.find(({ name }) => name === each);
    if (voice === undefined) return { unknown: each };
    found.add(voice);
  }
  return { voices: [...found] };
}

/** Keys of the recordings of a tenant's voices. */
export const voiceKeys = (tenant: string, voices: readonly Voice[]): string[] =>
  voices.map(({ id }) => KEY.voice(tenant, id));
