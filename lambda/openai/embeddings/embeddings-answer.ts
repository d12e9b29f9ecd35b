import { Embedding } from '../../../core/contract/work/embedding';
import { DEGRADED_HEADER, JOB_HEADER } from '../../../core/contract/http';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import { MAX_ANSWER_BYTES } from '../../frame/fitted';
import { missingStages } from '../../frame/missing-stages';
import { Refusal, type Response } from '../../frame/refusal';
import type { InputStorage } from '../keep-input';
import { storedText } from '../stored-text';
import type { TaskRoute } from '../task-request';
import type { Encoding } from './embeddings-body';

/** A line of a file of vectors. */
interface Row {
  /** Number of the input, from 1. */
  row: number;
  embedding: number[];
}

/**
 * Renders the vectors of a job in OpenAI's shape, as the embeddings service does.
 *
 * @throws Refusal (400) if an input has no vector, or the answer is too large; (404) if the result
 *   was deleted
 */
export const embeddingsAnswer =
  (encoding: Encoding, route: TaskRoute, storage: InputStorage) =>
  async (row: JobRow, key: string): Promise<Response> => {
    const embedding = Embedding.parse(JSON.parse(await storedText(row, key, route, storage)));
    refuseFailed(row, embedding);
    const entries: string[] = [];
    let bytes = 0;
    for (const [index, { attempt }] of embedding.files.entries()) {
      const part = KEY.part(row.id, attempt, index + 1, embedding.format);
      for (const line of (await storedText(row, part, route, storage)).split('\n')) {
        if (line === '') continue;
        const entry = rendered(JSON.parse(line) as Row, encoding);
        bytes += entry.length + 1;
        if (bytes > MAX_ANSWER_BYTES) throw tooLarge(row.id);
        entries.push(entry);
      }
    }
    const { model } = embedding.engine;
    const usage = { prompt_tokens: embedding.tokens, total_tokens: embedding.tokens };
    const missing = missingStages(embedding.degraded);
    return {
      statusCode: 200,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'private, no-store',
        [JOB_HEADER]: row.id,
        ...(missing !== undefined && { [DEGRADED_HEADER]: missing }),
      },
      body: `{"object":"list","data":[${entries.join(',')}],"model":${JSON.stringify(model)},"usage":${JSON.stringify(usage)}}`,
    };
  };

/** An entry of the answer's list, as JSON. */
function rendered({ row, embedding }: Row, encoding: Encoding): string {
  const vector = encoding === 'base64' ? base64(embedding) : embedding;
  return JSON.stringify({ object: 'embedding', index: row - 1, embedding: vector });
}

/** Single precision, little-endian, as OpenAI's clients read it. */
function base64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(4 * vector.length);
  vector.forEach((value, at) => bytes.writeFloatLE(value, 4 * at));
  return bytes.toString('base64');
}

/** @throws Refusal (400) with the first input that has no vector */
function refuseFailed({ id }: JobRow, { failures: [first], failed_rows: failed }: Embedding): void {
  if (first === undefined) return;
  const others = failed > 1 ? ` (and ${failed - 1} more)` : '';
  const { param, message } = noVector(first.row, first.reason, others);
  throw new Refusal(400, 'invalid_request', message, { param, jobId: id, shouldRetry: false });
}

/** The input that the error of a corpus is about. Rows of the corpus are the inputs of the request. */
export function faultOf(message: string): { param?: string; message: string } {
  const [, row, reason = ''] = /\bRow (\d+): (.*)$/s.exec(message) ?? [];
  return row === undefined ? { message } : noVector(Number(row), reason);
}

function noVector(row: number, reason: string, others = '') {
  const param = `input[${row - 1}]`;
  return { param, message: `"${param}"${others} has no embedding: ${reason}` };
}

/** The refusal of vectors that do not fit into an answer. @param jobId @default - no job has them */
export function tooLarge(jobId?: string): Refusal {
  const stored = jobId === undefined ? '' : `, or read the files of GET /v1/jobs/${jobId}/embedding`;
  const message =
    `The embeddings exceed ${MAX_ANSWER_BYTES} bytes. Send fewer inputs, use "encoding_format" base64, or send ` +
    `the texts as a corpus to POST /v1/jobs${stored}`;
  return new Refusal(400, 'invalid_request', message, { param: 'input', jobId, shouldRetry: false });
}
