import { MOST_MODEL_NAME, type ModelNames } from './model-names';

/** OpenAI's names. Twin of `model_names.py` in the embeddings service. */
const ALIASES = ['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'] as const;

/** Names of embedding models. A publisher's name may precede that of the model. */
export const EMBEDDING_MODELS: ModelNames = {
  aliases: ALIASES,
  means: (name, deployed) => {
    if (name.length > MOST_MODEL_NAME) return false;
    const wanted = name.toLowerCase();
    return ALIASES.some((alias) => alias === wanted) || wanted.split('/').at(-1) === deployed?.toLowerCase();
  },
};
