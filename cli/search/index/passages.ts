import { createHash } from 'node:crypto';
import type { Sentence } from '../../../core/formats/sentences';

/** A sentence as it is embedded: alone, without its neighbours, which the ranking adds. */
export interface Passage extends Sentence {
  /** Identifies the text. */
  hash: Buffer;
}

export const passageOf = (sentence: Sentence): Passage => ({
  ...sentence,
  hash: createHash('sha256').update(sentence.text).digest().subarray(0, 16),
});
