import type { IncomingHttpHeaders } from 'node:http';

/** In it a model service says how much audio it has worked on, whatever the format of its answer. */
export const AUDIO_SECONDS_HEADER = 'x-spotscribe-audio-seconds';

/** Seconds of audio that an answer of a model service has taken. @returns undefined for none, or an unknown number */
export function audioSecondsOf(headers: IncomingHttpHeaders): number | undefined {
  const value = Number(headers[AUDIO_SECONDS_HEADER]);
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
