import { accuracyFigures } from '../../bench/accuracy/accuracy';
import { type Figure, misses } from '../../bench/figure';

const errors = { substitutions: 60, deletions: 30, insertions: 10, value: 0.1, low: 0.08, high: 0.12 };
const systems = { service: errors, whisperx: errors, sequential: errors, batched: errors };
const plain = {
  ...{ name: 'plain', pooled: true, clips: 57, words: 1000, systems },
  difference: { beside: 'sequential' as const, value: 0.004, low: -0.002, high: 0.01 },
};
const found = {
  sets: [plain],
  saved: { sets: ['fast', 'joined'], value: 0.16, low: 0.1, high: 0.2 },
  invented: { minutes: 5, words: { service: 1, whisperx: 3, sequential: 100, batched: 0 } },
  processor: { service: 110, whisperx: 100, sequential: 150, batched: 60 },
  word_starts: { words: 500, median: 0.1, p90: 0.3 },
};

const value = (figures: Figure[], name: string) => figures.find((each) => each.name.includes(name))?.value;
const missed = (change: Partial<typeof found>) =>
  accuracyFigures({ ...found, ...change })
    .filter(misses)
    .map(({ name }) => name);

test('a set is compared with the better baseline, with its interval in points', () => {
  const [first, service] = accuracyFigures(found);
  expect(first?.name).toContain('plain (57 clips, 1000 words) minus faster-whisper, sequential, -0.2 to 1.0');
  expect(first?.value).toBeCloseTo(0.4);
  expect(service?.name).toContain('the service, 60 + 30 + 10, 8.0 to 12.0');
  expect(service?.value).toBeCloseTo(10);
});

test('errors, invented words and processor time are counted for all systems', () => {
  const figures = accuracyFigures(found);
  expect(missed({})).toEqual([]);
  expect(value(figures, 'errors saved')).toBeCloseTo(16);
  expect(value(figures, 'words missed beside sequential')).toBe(1);
  expect(value(figures, 'words invented in 5.0 min')).toBeCloseTo(0.2);
  expect(figures.filter(({ unit }) => unit === 'words/min')).toHaveLength(4);
  expect(value(figures, 'processor time beside bare')).toBeCloseTo(1.1);
});

test('a service with more errors, inventions, time or late words misses its targets', () => {
  const worse = { ...plain, difference: { ...plain.difference, value: 0.006 } };
  expect(missed({ sets: [worse] })).toEqual([expect.stringContaining('plain')]);
  expect(missed({ saved: { ...found.saved, value: 0.14 } })).toEqual([expect.stringContaining('saved')]);
  const deaf = { ...plain, systems: { ...systems, service: { ...errors, deletions: 31 } } };
  expect(missed({ sets: [deaf] })).toEqual([expect.stringContaining('missed beside sequential')]);
  const talkative = { ...found.invented, words: { ...found.invented.words, service: 2 } };
  expect(missed({ invented: talkative })).toEqual([expect.stringContaining('invented')]);
  expect(missed({ processor: { ...found.processor, service: 126 } })).toEqual([
    expect.stringContaining('processor'),
  ]);
  expect(missed({ word_starts: { words: 500, median: 0.16, p90: 0.41 } })).toEqual([
    expect.stringContaining('median'),
    expect.stringContaining('90th percentile'),
  ]);
});

test('a part of a set has no target, and its missed words count once', () => {
  const part = {
    ...{ ...plain, name: 'plain, ljspeech', pooled: false },
    difference: { ...plain.difference, value: 1 },
  };
  const figures = accuracyFigures({ ...found, sets: [plain, part] });
  expect(figures.filter(misses)).toEqual([]);
  expect(figures.find(({ unit }) => unit === 'words')?.value).toBe(30);
});

test('what was not measured has no figure', () => {
  const figures = accuracyFigures({ ...found, sets: [], saved: null, invented: null, word_starts: null });
  expect(figures.map(({ unit }) => unit)).toEqual(['×', 's', 's', 's', 's']);
});
