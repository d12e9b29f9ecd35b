import type { IncomingHttpHeaders } from 'node:http';

// HTTP headers that Spotscribe adds to the standard ones.

/** Id of the job that an answer belongs to, or that a failed request may have made. */
export const JOB_HEADER = 'x-spotscribe-job';

/** What an answer lacks, in words. */
export const DEGRADED_HEADER = 'x-spotscribe-degraded';

/** In it a model service says how much audio it has worked on, whatever the format of its answer. */
export const AUDIO_SECONDS_HEADER = 'x-spotscribe-audio-seconds';

/** Seconds of audio that an answer of a model service has taken. @returns undefined for none, or an unknown number */
export function audioSecondsOf(headers: IncomingHttpHeaders): number | undefined {
  const value = Number(headers[AUDIO_SECONDS_HEADER]);
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
