import type { SpeechView } from '../../core/contract/work/speech';
import { SPOKEN, spokenTotals } from './speech';

/** The view of a speech with these files, whose content is their values. */
export const speechView = (files: Record<string, string>, change: Partial<SpeechView> = {}): SpeechView => ({
  ...{ version: 1, ...SPOKEN, ...spokenTotals(20), degraded: [], chapters: [{ start: 0, end: 30 }] },
  files: Object.entries(files).map(([name, content]) => {
    const chapter = /^chapter-(\d+)/.exec(name)?.[1];
    return {
      ...{ name, bytes: Buffer.byteLength(content), seconds: 30 },
      ...(chapter !== undefined && { chapter: Number(chapter) }),
      path: `/v1/jobs/job/speech?file=${name}`,
    };
  }),
  ...change,
});

/** A book of two chapters. */
export const BOOK = {
  'chapter-001.mp3': 'the first chapter',
  'chapter-002.mp3': 'the second chapter',
  'speech.m4b': 'both chapters',
};
export const TWO_CHAPTERS: SpeechView['chapters'] = [
  { title: 'One', start: 0, end: 15 },
  { title: 'Two', start: 15, end: 30 },
];
