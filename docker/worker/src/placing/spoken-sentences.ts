import type { Transcript } from '../../../../core/contract/work/transcript';
import { sentences } from '../../../../core/formats/sentences';

/** A sentence with its times in seconds. */
export interface SpokenSentence {
  start: number;
  end: number;
  speaker?: string;
}

/**
 * Characters of a longer sentence that is split: about half a minute of speech. Transcripts without
 * punctuation have such sentences.
 */
const LONGEST_CHARACTERS = 450;
/** Times are rounded to milliseconds. */
const TOLERANCE = 0.001;

/** The sentences of a transcript by ascending start. Those of different channels may overlap. */
export class SpokenSentences {
  readonly all: readonly SpokenSentence[];
  private readonly speakers: ReadonlyMap<number, string | undefined>;

  constructor({ segments }: Transcript) {
    this.all = sentences(segments, LONGEST_CHARACTERS)
      .flatMap(({ start, end, speaker }) =>
        start === undefined || end === undefined ? [] : [{ start, end, speaker }],
      )
      .sort((a, b) => a.start - b.start);
    this.speakers = new Map(segments.map(({ id, speaker }) => [id, speaker]));
  }

  /**
   * Index of the sentence of a word, -1 if there is none.
   *
   * @param time at which the word starts
   * @param segment id of its segment
   */
  at(time: number, segment: number | undefined): number {
    const speaker = segment === undefined ? undefined : this.speakers.get(segment);
    return this.all.findLastIndex((each) => each.start <= time + TOLERANCE && each.speaker === speaker);
  }
}
