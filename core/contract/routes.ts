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
