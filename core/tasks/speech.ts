import { Speech, SynthesizeEvent } from '../contract/work/speech';
import { MODEL_ROUTES } from '../contract/http';
import { SpeechOptions } from '../contract/work/options';
import type { Task } from './task';

/** A voice that reads a text. */
export const speech: Task<'speech'> = {
  name: 'speech',
  resultName: 'speech',
  result: Speech,
  accepts: SpeechOptions,
  service: { path: '/synthesize', event: SynthesizeEvent },
  request: (options, { path, mediaType }) => ({ ...options, path, media_type: mediaType }),
  progressOf: (event) => (event.type === 'part' ? event.progress : undefined),
  // The worker stores the files and adds the attempt.
  resultOf: (event) => {
    if (event.type !== 'result') return undefined;
    const { engine, voice, language, sample_rate, plan, totals, chapters, files, degraded } = event;
    const source = { engine, voice, language, sample_rate, plan };
    const made = files.map((file) => ({ ...file, attempt: 0 }));
    return { version: 1, ...source, ...totals, chapters, files: made, degraded };
  },
  routes: [['POST', '/v1/audio/speech'], ['GET', '/v1/audio/voices'], ...MODEL_ROUTES],
  mediaTypes: [
    'text/plain',
    'text/markdown',
    'text/x-markdown',
    'application/ssml+xml',
    'application/epub+zip',
    'application/octet-stream',
  ],
  unit: 'character',
  measure: ({ characters }) => characters,
  decides: true,
  givesWay: false,
  stages: () => ['speech'],
  stagesAtEnd: (_, result) => ({ speech: result === undefined ? 'failed' : 'succeeded' }),
};
