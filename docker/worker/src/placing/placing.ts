import type { Analysis } from '../../../../core/contract/work/analysis';
import type { Transcript } from '../../../../core/contract/work/transcript';
import { chaptersOfParts, placeChapters } from './chapters';
import { placeHighlights } from './highlights';
import { SpokenSentences } from './spoken-sentences';

const WITHOUT_TRANSCRIPT = {
  chapters:
    'Chapters: there is no transcript in which to find their first words, so each one is a whole part of the ' +
    'recording as the model heard it.',
  highlights: 'Highlights: there is no transcript in which to find their words, so they have no times.',
};

/**
 * Gives chapters and highlights their positions in the recording. The model that finds them has no clock: they
 * are where their words are.
 *
 * @param analysis with evidence located in the transcript
 * @param transcript with the spoken words. @default - there is none
 */
export function place(analysis: Analysis, transcript?: Transcript): Analysis {
  const { chapters, highlights, duration } = analysis;
  if (chapters === undefined && highlights === undefined) return analysis;
  if (transcript === undefined) {
    const lost = (['chapters', 'highlights'] as const).filter((name) => (analysis[name] ?? []).length > 0);
    const degraded = lost.map((name) => ({ stage: 'analysis' as const, reason: WITHOUT_TRANSCRIPT[name] }));
    return {
      ...analysis,
      ...(chapters && { chapters: chaptersOfParts(chapters, duration) }),
      degraded: [...analysis.degraded, ...degraded],
    };
  }
  const sentences = new SpokenSentences(transcript);
  return {
    ...analysis,
    ...(chapters && { chapters: placeChapters(chapters, sentences, duration) }),
    ...(highlights && { highlights: placeHighlights(highlights, sentences, duration) }),
  };
}
