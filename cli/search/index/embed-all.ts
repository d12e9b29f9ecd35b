import pLimit from 'p-limit';
import { type Embedder, MOST_TEXTS } from '../embedding/embedder';
import type { Passage } from './passages';
import type { SearchIndex } from './search-index';

/** Requests at once. A GPU is busy with two; more only wait in its queue. */
const AT_ONCE = 4;
/** Characters in one request: a batch of long sentences takes as long as a larger one of short sentences. */
const MOST_CHARACTERS = 16_000;

/** Stores the vectors of sentences that have none yet. */
export type EmbedAll = (sentences: readonly Passage[]) => Promise<void>;

/**
 * Embeds in batches. Each batch is stored when it arrives, so that an interrupted run does not repeat it.
 *
 * @param onEmbedded called with the number of new vectors
 */
export const embedAll =
  (index: SearchIndex, embedder: Embedder, onEmbedded: (count: number) => void): EmbedAll =>
  async (sentences) => {
    const limit = pLimit(AT_ONCE);
    let failed = false;
    const embed = async (batch: Passage[]) => {
      if (failed) return;
      try {
        const vectors = await embedder.embed(
          batch.map(({ text }) => text),
          'passage',
        );
        index.storeVectors(batch.map(({ hash }, place) => ({ hash, vector: vectors[place]! })));
        onEmbedded(batch.length);
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    // All have ended before the index is closed.
    const results = await Promise.allSettled(
      batches(missing(index, sentences)).map((batch) => limit(() => embed(batch))),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  };

/** The sentences whose text has no vector, each text once. */
function missing(index: SearchIndex, sentences: readonly Passage[]): Passage[] {
  const found = new Map<string, Passage>();
  for (const sentence of sentences) {
    const { hash } = sentence;
    const key = hash.toString('hex');
    if (!found.has(key) && !index.hasVector(hash)) found.set(key, sentence);
  }
  return [...found.values()];
}

/** Batches of texts of similar length, which a model computes with little padding. */
function batches(sentences: Passage[]): Passage[][] {
  const sorted = sentences.sort((one, other) => one.text.length - other.text.length);
  const found: Passage[][] = [];
  let characters = Infinity;
  for (const sentence of sorted) {
    characters += sentence.text.length;
    if (characters > MOST_CHARACTERS || (found.at(-1)?.length ?? MOST_TEXTS) >= MOST_TEXTS) {
      found.push([]);
      characters = sentence.text.length;
    }
    found.at(-1)?.push(sentence);
  }
  return found;
}
