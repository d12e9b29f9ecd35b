import type { Embedding, RowFailure } from '../../core/contract/work/embedding';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import { httpHandler } from '../../lambda/frame/http';
import type { Response as Answer } from '../../lambda/frame/refusal';
import type { TaskDependencies } from '../../lambda/openai/answer-task';
import { createEmbeddings } from '../../lambda/openai/create-embeddings';
import { bucket, machines, store } from './recording-requests';
import { lambdaContext, request } from './support';

// Sends requests for vectors to the handler, with the servers of `recording-requests.ts`.

export const MODEL = 'text-embedding-3-small';

export const dependencies = (change: Partial<TaskDependencies> = {}): TaskDependencies => ({
  store,
  s3: bucket.client(),
  bucket: 'media',
  deployed: { embedding: {} },
  uploadExpirySeconds: 900,
  retentionDays: 7,
  maxAudioSeconds: 36_000,
  machinesUrl: machines.url,
  waitSeconds: 20,
  ...change,
});

export interface EmbeddingCall {
  headers?: Record<string, string>;
  query?: Record<string, string>;
  /** Tokens that the key may use each day. */
  tokens?: number;
  change?: Partial<TaskDependencies>;
}

/** Sends a body as the gateway does. Text is sent unchanged. */
export function embed(body: string | object, { headers, query, tokens, change }: EmbeddingCall = {}) {
  const event = request({
    path: '/v1/embeddings',
    body: typeof body === 'string' ? body : JSON.stringify({ model: MODEL, ...body }),
    headers,
    query,
    ...(tokens !== undefined && { units: { token: tokens } }),
  });
  event.requestContext.requestId = 'request-1';
  return httpHandler(() => dependencies(change), createEmbeddings)(event, lambdaContext);
}

/** Asks for models. @param id @default - all models */
export function askModels(id?: string, change: Partial<TaskDependencies> = {}): Promise<Answer> {
  const event = request({ path: id === undefined ? '/v1/models' : `/v1/models/${id}`, id });
  return httpHandler(() => dependencies(change), createEmbeddings)(event, lambdaContext);
}

/** Acts as a worker: stores these files of vectors, one row per line, and the result. */
export async function succeed(
  { id }: JobRow,
  files: { row: number; embedding: number[] }[][],
  failures: RowFailure[] = [],
): Promise<void> {
  const claim = await store.claim(id, 'message-1', Date.now() + 60_000, new Date());
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  const rows = files.flat().length;
  const parts = files.map((lines, index) => {
    const text = lines.map((line) => `${JSON.stringify({ ...line, tokens: 3 })}\n`).join('');
    bucket.objects.set(KEY.part(id, 1, index + 1, 'jsonl'), Buffer.from(text));
    return { attempt: 1, rows: lines.length, bytes: text.length };
  });
  const result: Embedding = {
    version: 1,
    engine: { name: 'minilm', model: 'all-MiniLM-L6-v2' },
    dimensions: files.flat()[0]?.embedding.length ?? 0,
    format: 'jsonl',
    rows: rows + failures.length,
    failed_rows: failures.length,
    truncated_rows: 0,
    tokens: 3 * rows,
    failures,
    files: parts,
    degraded: [],
  };
  const key = KEY.result(id, 1, 'embedding');
  bucket.objects.set(key, Buffer.from(JSON.stringify(result)));
  const receipt = { measures: { token: 3 * rows } } as unknown as NonNullable<JobRow['receipt']>;
  await store.commit(
    claim.row,
    { results: { embedding: key }, receipt, degraded: [], stages: {} },
    new Date(),
  );
}
