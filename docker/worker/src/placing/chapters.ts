import type { Chapter } from '../../../../core/contract/work/analysis';
import type { SpokenSentences } from './spoken-sentences';

/** Shorter chapters belong to the one before. YouTube has the same limit. In seconds. */
const LEAST_SECONDS = 10;

/** A chapter and where it begins, in seconds. */
interface Begun {
  chapter: Chapter;
  begins: number;
}

/**
 * Chapters with positions: each one starts with the sentence of its first words and ends where the next one
 * starts. The first one starts at 0. Chapters whose words were not found come last, without a position.
 *
 * @param chapters with located evidence
 * @param duration of the recording in seconds
 */
export function placeChapters(
  chapters: readonly Chapter[],
  sentences: SpokenSentences,
  duration: number,
): Chapter[] {
  const found = chapters.flatMap((chapter): Begun[] => {
    const place = chapter.evidence.find(({ start }) => start !== undefined);
    const sentence = sentences.all[sentences.at(place?.start ?? -1, place?.segments?.[0])];
    return place === undefined || sentence === undefined ? [] : [{ chapter, begins: sentence.start }];
  });
  const first = chapters[0];
  const begun: Begun[] = [];
  // Nothing is before the first chapter, so its start is known even if its words were not found.
  if (
    first !== undefined &&
    !found.some(({ chapter, begins }) => chapter === first || begins < LEAST_SECONDS)
  )
    begun.push({ chapter: first, begins: 0 });
  for (const each of found.sort((a, b) => a.begins - b.begins)) {
    const last = begun.at(-1);
    const isLong = each.begins + LEAST_SECONDS <= duration;
    if (last === undefined) begun.push({ ...each, begins: 0 });
    else if (isLong && each.begins >= last.begins + LEAST_SECONDS) begun.push(each);
  }
  const known = new Set([...found, ...begun].map(({ chapter }) => chapter));
  return [...covering(begun, duration), ...chapters.filter((each) => !known.has(each))];
}

/**
 * Chapters without a transcript: those that the model heard in one part of the recording become one, which
 * covers the part.
 */
export function chaptersOfParts(chapters: readonly Chapter[], duration: number): Chapter[] {
  const parts = new Map<number, Chapter[]>();
  const nowhere: Chapter[] = [];
  for (const chapter of chapters) {
    const from = chapter.evidence[0]?.heard_from;
    if (from === undefined) nowhere.push(chapter);
    else parts.set(from, [...(parts.get(from) ?? []), chapter]);
  }
  const begun = [...parts].map(([from, together], at): Begun => ({
    chapter: {
      title: together.map(({ title }) => title).join('; '),
      evidence: together.flatMap(({ evidence }) => evidence),
    },
    begins: at === 0 ? 0 : from,
  }));
  return [...covering(begun, duration), ...nowhere];
}

const covering = (begun: readonly Begun[], duration: number): Chapter[] =>
  begun.map(({ chapter, begins }, at) => ({
    ...chapter,
    start: begins,
    end: begun[at + 1]?.begins ?? duration,
  }));
