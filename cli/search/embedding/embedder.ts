/** What a text is embedded for. Some models are told. */
export type Purpose = 'passage' | 'question';

/** Makes vectors of texts. */
export interface Embedder {
  /** Name of the model, such as `hkunlp/instructor-xl`. */
  readonly model: string;

  /**
   * A vector for each text, in their order and all of the same length. Texts that are too long for the model are cut.
   *
   * @param texts at most {@link MOST_TEXTS}
   */
  embed(texts: readonly string[], purpose: Purpose): Promise<Float32Array[]>;

  /** Stops what was started. */
  close(): Promise<void>;
}

/**
 * Texts in one request. A request must be answered within 30 s, by the smallest machine and by a laptop, and the answer
 * must fit in the 6 MB of a function.
 */
export const MOST_TEXTS = 64;
