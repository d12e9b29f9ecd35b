import { createHash } from 'node:crypto';
import type { Sentence } from '../reading/sentences';
import type { Passage } from './search-index';

/** A sentence with the text that is embedded for it. */
export interface EmbeddedSentence {
  passage: Passage;
  embedded: string;
}

/** A shorter sentence, such as "Right.", says nothing without its neighbours. In words. */
const SHORT_WORDS = 6;

/**
 * The text that is embedded for each sentence: the sentence, after the one before it. A short sentence also has the one
 * after it. See docs/search.md for the measurements.
 */
export function embeddedSentences(sentences: readonly Sentence[]): EmbeddedSentence[] {
  return sentences.map((sentence, index) => {
    const before = sentences[index - 1]?.text;
    const after = sentences[index + 1]?.text;
    const parts = isShort(sentence.text) ? [before, sentence.text, after] : [before, sentence.text];
    const embedded = parts.filter((part) => part !== undefined).join(' ');
    return { passage: { ...sentence, hash: hashOf(embedded) }, embedded };
  });
}

const isShort = (text: string): boolean => text.split(/\s+/u).length < SHORT_WORDS;

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 16);
