import type { ChapterFormat } from '../contract/names';
import type { Analysis } from '../contract/work/analysis';
import { clean } from './characters';
import { cueTime, escaped } from './formats';

/** A chapter with its position in seconds. */
interface Positioned {
  title: string;
  start: number;
  end: number;
}

/** Content type of each format of an analysis' chapters, and how it is made. Chapters without a position are left out. */
export const CHAPTER_FORMAT: Record<ChapterFormat, { type: string; render: (analysis: Analysis) => string }> =
  {
    chapters: {
      type: 'application/json+chapters',
      render: (analysis) => podcastChapters(positioned(analysis)),
    },
    chapters_vtt: {
      type: 'text/vtt; charset=utf-8',
      render: (analysis) => chapterCues(positioned(analysis)),
    },
  };

function positioned({ chapters = [] }: Analysis): Positioned[] {
  return chapters.flatMap(({ title, start, end }) =>
    start === undefined || end === undefined ? [] : [{ title: clean(title), start, end }],
  );
}

/** JSON chapters of Podcasting 2.0, version 1.2: https://github.com/Podcastindex-org/podcast-namespace */
function podcastChapters(chapters: readonly Positioned[]): string {
  const entries = chapters.map(({ title, start, end }) => ({ startTime: start, endTime: end, title }));
  return `${JSON.stringify({ version: '1.2.0', chapters: entries }, undefined, 2)}\n`;
}

/** WebVTT for a `<track kind="chapters">`: a cue for each chapter. */
function chapterCues(chapters: readonly Positioned[]): string {
  const time = (seconds: number) => cueTime(Math.round(seconds * 1000), '.');
  const blocks = chapters.map(
    ({ title, start, end }) => `\n${time(start)} --> ${time(end)}\n${escaped(title)}\n`,
  );
  return `WEBVTT\n${blocks.join('')}`;
}
