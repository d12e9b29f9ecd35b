import { Embedding, EmbedEvent } from '../contract/work/embedding';
import { MODEL_ROUTES } from '../contract/http';
import { EmbeddingOptions } from '../contract/work/options';
import type { Task } from './task';

/** Vectors of the texts in a corpus. */
export const embedding: Task<'embedding'> = {
  name: 'embedding',
  resultName: 'embedding',
  result: Embedding,
  accepts: EmbeddingOptions,
  service: { path: '/embed', event: EmbedEvent },
  request: (options, { path }) => ({ ...options, path }),
  progressOf: (event) => (event.type === 'part' ? event.progress : undefined),
  // The worker stores the parts and adds their files.
  resultOf: (event) => {
    if (event.type !== 'result') return undefined;
    const { engine, dimensions, format, totals, degraded } = event;
    return { version: 1, engine, dimensions, format, ...totals, files: [], degraded };
  },
  routes: [['POST', '/v1/embeddings'], ...MODEL_ROUTES],
  mediaTypes: [
    'application/jsonl',
    'application/x-ndjson',
    'application/x-jsonlines',
    'application/json',
    'application/vnd.apache.parquet',
    'application/x-parquet',
    'application/octet-stream',
  ],
  unit: 'token',
  measure: ({ tokens }) => tokens,
  decides: true,
  givesWay: false,
  stages: () => ['embedding'],
  stagesAtEnd: (_, result) => ({ embedding: result === undefined ? 'failed' : 'succeeded' }),
};
