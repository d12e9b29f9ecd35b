import { namesOf } from './model-names';

/** Names of embedding models. Twin of `model_names.py` in the embeddings service. */
export const EMBEDDING_MODELS = namesOf([
  'text-embedding-3-small',
  'text-embedding-3-large',
  'text-embedding-ada-002',
]);
