import * as z from 'zod/mini';
import { EMBEDDING_LIMITS } from '../../../core/contract/limits';
import type { EmbeddingOptions } from '../../../core/contract/work/options';
import { text } from '../../../core/contract/text';
import { EMBEDDING_MODELS } from '../../../core/models/embedding-names';
import { MOST_MODEL_NAME } from '../../../core/models/model-names';
import { validBody } from '../../frame/valid-body';
import { checkedModel } from '../checked-model';
import type { Unsupported } from '../task-request';
import { type Input, inputsOf } from './inputs';

export const ENCODINGS = ['float', 'base64'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const { dimensions, instruction } = EMBEDDING_LIMITS;

/** The fields of `POST /v1/embeddings`. Fields that OpenAI adds later are ignored, as by the service. */
const fields = z.object({
  /** Checked by {@link inputsOf}, whose messages name the input. */
  input: z.unknown(),
  model: text(MOST_MODEL_NAME, 1),
  encoding_format: z.optional(z.enum(ENCODINGS)),
  dimensions: z.nullish(z.int().check(z.minimum(1), z.maximum(dimensions))),
  user: z.nullish(z.string()),
  /** For models that take one. Not part of OpenAI's API, like `truncate`. */
  instruction: z.nullish(text(instruction)),
  truncate: z.optional(z.boolean()),
});

/** A valid request for vectors. */
export interface WantedEmbeddings {
  inputs: readonly Input[];
  encoding: Encoding;
  options: EmbeddingOptions;
  /** The request for the service. */
  body: Buffer;
  /** Fields that jobs do not support. */
  unsupported: Unsupported[];
}

/**
 * Parses the body of `POST /v1/embeddings`. What needs the model is checked by the service.
 *
 * @param model name of the deployed model. @default - unknown: the service checks the name
 * @throws Refusal (400) with the field; (404) for another model than the deployed one
 */
export function parseEmbeddings(given: unknown, model?: string): WantedEmbeddings {
  const { input, model: name, encoding_format: encoding = 'float', ...more } = validBody(fields, given);
  const inputs = inputsOf(input);
  const unsupported = checkedModel(name, model, EMBEDDING_MODELS);
  const options: EmbeddingOptions = {
    format: 'jsonl',
    truncate: more.truncate ?? false,
    ...(more.instruction && { instruction: more.instruction }),
    ...(typeof more.dimensions === 'number' && { dimensions: more.dimensions }),
  };
  const { truncate, instruction: told, dimensions: length } = options;
  const sent = {
    input,
    model: name,
    encoding_format: encoding,
    truncate,
    instruction: told,
    dimensions: length,
  };
  return {
    inputs,
    encoding,
    options,
    body: Buffer.from(JSON.stringify(sent)),
    unsupported,
  };
}
