import { TOKENS_HEADER } from '../../core/contract/http';
import { EMBEDDING_MODELS } from '../../core/models/embedding-names';
import type { Allowance } from '../frame/allowance';
import type { Request } from '../frame/caller';
import { MAX_ANSWER_BYTES } from '../frame/fitted';
import { httpHandler } from '../frame/http';
import { jsonBody } from '../frame/json-body';
import type { Begun, Response } from '../frame/refusal';
import type { Tools } from '../frame/runtime';
import { answerTask, askingOf, type TaskDependencies, taskDependencies } from './answer-task';
import { embeddingsAnswer, faultOf, tooLarge } from './embeddings/embeddings-answer';
import { parseEmbeddings } from './embeddings/embeddings-body';
import { isModels, modelsAnswer } from './models-answer';
import type { TaskRoute } from './task-request';

const ROUTE: TaskRoute = {
  task: 'embedding',
  unit: 'token',
  header: TOKENS_HEADER,
  input: 'input',
  result: 'embedding',
  // Instructor-XL needs 2.5 billion operations for a token of about four bytes. A T4 does 8 trillion
  // in single precision, and about half of that with batches. Not measured.
  bytesPerSecond: 6_000,
};

/** Lambda accepts events of 6 MB, in which some characters of the body are escaped. */
const LIMIT = {
  bytes: MAX_ANSWER_BYTES,
  cure: 'Send several requests, or the texts as a corpus to POST /v1/jobs',
};

/**
 * OpenAI's API: `POST /v1/embeddings`, answered as {@link answerTask} says. As a job, each input is
 * a line of a JSONL corpus. The vectors of a job are read in any `encoding_format`.
 */
export const handler = httpHandler(() => taskDependencies('embeddingModel'), createEmbeddings);

export async function createEmbeddings(
  request: Request,
  dependencies: TaskDependencies,
  tools: Tools,
  allowance: Allowance,
  begun: Begun,
): Promise<Response> {
  if (isModels(request)) return modelsAnswer(request, dependencies, EMBEDDING_MODELS);
  const asking = askingOf(request, dependencies);
  const { inputs, encoding, options, body, unsupported } = parseEmbeddings(
    jsonBody(request, LIMIT),
    dependencies.model,
  );
  const texts = {
    route: ROUTE,
    render: embeddingsAnswer(encoding, ROUTE, dependencies),
    fault: faultOf,
    sent: { path: '/v1/embeddings', contentType: 'application/json', body },
    input: {
      name: 'embeddings.jsonl',
      bytes: Buffer.from(inputs.map((text) => `${JSON.stringify({ text })}\n`).join('')),
      tasks: { embedding: options },
      mediaType: 'application/jsonl',
    },
    unsupported,
    tooLarge: () => tooLarge(),
  };
  return answerTask(texts, asking, dependencies, tools, allowance, begun);
}
