import type { IncomingHttpHeaders } from 'node:http';

// HTTP headers that Spotscribe adds to the standard ones.

/** Id of the job of a response, or of the job that a failed request may have created. */
export const JOB_HEADER = 'x-spotscribe-job';

/** The stages that are missing in the result. */
export const DEGRADED_HEADER = 'x-spotscribe-degraded';

/** Seconds of audio that a model service processed, for every response format. */
export const AUDIO_SECONDS_HEADER = 'x-spotscribe-audio-seconds';

/** Characters of the text that a model service speaks. */
export const CHARACTERS_HEADER = 'x-spotscribe-characters';

/** Tokens that a model service processed. */
export const TOKENS_HEADER = 'x-spotscribe-tokens';

/** Fields of the request that had no effect, separated by commas. */
export const IGNORED_HEADER = 'x-spotscribe-ignored';

/** What of a text is not spoken, and why, in ASCII. */
export const LEFT_OUT_HEADER = 'x-spotscribe-left-out';

/** Name of the voice that speaks, in ASCII. */
export const VOICE_HEADER = 'x-spotscribe-voice';

/** Work that a model service reports in a header. @returns undefined for none, or an invalid number */
export function measureOf(headers: IncomingHttpHeaders, header: string): number | undefined {
  const value = Number(headers[header]);
  return value > 0 && Number.isFinite(value) ? value : undefined;
}

/** Method and path of a route, in the notation of an HTTP API. */
export type Route = readonly ['GET' | 'POST', string];

/**
 * OpenAI's routes that list models. `{id+}` matches the rest of the path, because names of models
 * contain slashes.
 */
export const MODEL_ROUTES: readonly Route[] = [
  ['GET', '/v1/models'],
  ['GET', '/v1/models/{id+}'],
];

/**
 * Whether a path matches a route in the notation of an HTTP API: `/v1/jobs/{id}`,
 * `/v1/models/{id+}`.
 */
export function matchesRoute(pattern: string, path: string): boolean {
  const expected = pattern.split('/');
  const given = path.split('/');
  const greedy = expected.at(-1)?.endsWith('+}') ?? false;
  if (greedy ? given.length < expected.length : given.length !== expected.length) return false;
  return expected.every((part, index) =>
    part.startsWith('{') ? given[index] !== '' : part === given[index],
  );
}

/** The methods that routes support for a path. A route is written as `GET /v1/jobs/{id}`. */
export const methodsAt = (routes: readonly string[], path: string): string[] =>
  routes
    .map((route) => route.split(' '))
    .filter(([, pattern = '']) => matchesRoute(pattern, path))
    .map(([method = '']) => method)
    .sort();
