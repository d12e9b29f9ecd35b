import { ANALYSIS_FORMATS } from '../../../core/contract/names';
import type { Analysis, Chapter } from '../../../core/contract/work/analysis';
import { CHAPTER_FORMAT } from '../../../core/formats/chapters';
import { claiming } from '../../support/evidence-text';

const chapter = (title: string, start?: number, end?: number): Chapter => ({
  title,
  evidence: [],
  start,
  end,
});
const analysis: Analysis = {
  ...claiming(),
  chapters: [
    chapter('Bees & <honey>', 0, 61.25),
    chapter('Wax\u0007 -->\ncandles', 61.25, 3725),
    chapter('Never found'),
  ],
};

test('chapters are JSON of Podcasting 2.0, without those that have no times', () => {
  expect(JSON.parse(CHAPTER_FORMAT.chapters.render(analysis))).toEqual({
    version: '1.2.0',
    chapters: [
      { startTime: 0, endTime: 61.25, title: 'Bees & <honey>' },
      { startTime: 61.25, endTime: 3725, title: 'Wax --> candles' },
    ],
  });
  expect(CHAPTER_FORMAT.chapters.type).toBe('application/json+chapters');
});

test('chapters are cues of WebVTT, whose titles cannot contain markup or lines of times', () => {
  expect(CHAPTER_FORMAT.chapters_vtt.render(analysis)).toBe(
    'WEBVTT\n\n' +
      '00:00:00.000 --> 00:01:01.250\nBees &amp; &lt;honey&gt;\n\n' +
      '00:01:01.250 --> 01:02:05.000\nWax --&gt; candles\n',
  );
});

test('an analysis without chapters has empty ones', () => {
  expect(JSON.parse(CHAPTER_FORMAT.chapters.render(claiming())).chapters).toEqual([]);
  expect(CHAPTER_FORMAT.chapters_vtt.render(claiming())).toBe('WEBVTT\n');
  expect(Object.keys(CHAPTER_FORMAT)).toEqual(ANALYSIS_FORMATS.filter((format) => format !== 'json'));
});
