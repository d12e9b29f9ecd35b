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

/**
 * OpenAI's audio routes: method and path, in the words of an HTTP API. The machines' whisper services answer them, and whatever
 * stands before those. `{id+}` is the rest of the path: names of models have slashes.
 */
export const AUDIO_ROUTES = [
  ['POST', '/v1/audio/transcriptions'],
  ['POST', '/v1/audio/translations'],
  ['GET', '/v1/models'],
  ['GET', '/v1/models/{id+}'],
] as const;

/** Whether a path is one of a route's, which is written as an HTTP API writes it: `/v1/jobs/{id}`, `/v1/models/{id+}`. */
export function matchesRoute(pattern: string, path: string): boolean {
  const expected = pattern.split('/');
  const given = path.split('/');
  const greedy = expected.at(-1)?.endsWith('+}') ?? false;
  if (greedy ? given.length < expected.length : given.length !== expected.length) return false;
  return expected.every((part, index) =>
    part.startsWith('{') ? given[index] !== '' : part === given[index],
  );
}

/** The methods that routes take at a path, each written as `GET /v1/jobs/{id}`. */
export const methodsAt = (routes: readonly string[], path: string): string[] =>
  routes
    .map((route) => route.split(' '))
    .filter(([, pattern = '']) => matchesRoute(pattern, path))
    .map(([method = '']) => method)
    .sort();
