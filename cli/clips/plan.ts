import { join, parse } from 'node:path';
import type { Analysis } from '../../core/contract/work/analysis';
import { clean } from '../../core/formats/characters';

/** A part of a recording that becomes a file. */
export interface Clip {
  /** Rank of a highlight, or number of a chapter, from 1. */
  number: number;
  title: string;
  reason?: string;
  /** Seconds of the recording. */
  start: number;
  end: number;
}

/** A clip and its file. */
export interface PlannedClip extends Clip {
  path: string;
}

export type ClipKind = 'highlights' | 'chapters';

/** Longest part of a title in a file name, in bytes: with the name of the recording it stays below 255. */
const MOST_TITLE_BYTES = 80;
const MOST_STEM_BYTES = 120;

/** The highlights or chapters of an analysis that have times. Undefined if it was not asked for them. */
export function clipsOf(analysis: Analysis, kind: ClipKind): Clip[] | undefined {
  return analysis[kind]?.flatMap((each, index): Clip[] => {
    const { title, start, end } = each;
    if (start === undefined || end === undefined) return [];
    const reason = 'reason' in each ? { reason: each.reason } : {};
    return [{ number: index + 1, title: clean(title), ...reason, start, end }];
  });
}

/** Chooses the names of the files: `talk-clip-01-the-joke.mp4`, `talk-chapter-01-opening.mp4`. */
export function planClips(
  clips: readonly Clip[],
  kind: ClipKind,
  { recording, folder, format }: { recording: string; folder: string; format: string },
): PlannedClip[] {
  const stem = fileNamePart(parse(recording).name, MOST_STEM_BYTES) || 'recording';
  const word = kind === 'chapters' ? 'chapter' : 'clip';
  return clips.map((clip) => {
    const title = fileNamePart(clip.title, MOST_TITLE_BYTES).toLowerCase();
    const parts = [stem, word, String(clip.number).padStart(2, '0'), title];
    return { ...clip, path: join(folder, `${parts.filter((part) => part !== '').join('-')}.${format}`) };
  });
}

/** The letters and digits of a text, with hyphens in place of everything else. */
function fileNamePart(text: string, mostBytes: number): string {
  let part = '';
  for (const word of text.normalize('NFC').match(/[\p{L}\p{N}\p{M}_]+/gu) ?? []) {
    const longer = part === '' ? word : `${part}-${word}`;
    if (Buffer.byteLength(longer) > mostBytes) return part === '' ? cut(word, mostBytes) : part;
    part = longer;
  }
  return part;
}

function cut(word: string, mostBytes: number): string {
  let kept = '';
  for (const character of word) {
    if (Buffer.byteLength(kept + character) > mostBytes) break;
    kept += character;
  }
  return kept;
}
