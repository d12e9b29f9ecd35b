import { misses } from '../../../bench/figure';
import { sharedDeviceFigures, softer } from '../../../bench/models/hybrid';
import { type Rounds, totalFigures, transcriptFigures } from '../../../bench/models/hybrid-figures';

const found: Rounds = {
  in_turn: [
    { transcript: 20, total: 50 },
    { transcript: 22, total: 52 },
    { transcript: 90, total: 200 },
  ],
  at_once: [
    { transcript: 24, total: 26 },
    { transcript: 23, total: 39 },
    { transcript: 70, total: 80 },
  ],
};

test('compares the concurrent transcript with whisper alone, in medians', () => {
  const figures = transcriptFigures('hybrid', found, 1.1);
  expect(figures.map(({ value }) => value)).toEqual([24 / 22, 24, 22]);
  expect(figures.filter(misses)).toEqual([]);
  expect(transcriptFigures('hybrid', found, 1.09).filter(misses)).toMatchObject([
    { name: 'hybrid: transcript beside whisper alone' },
  ]);
});

test('compares concurrent with sequential results, in medians', () => {
  const figures = totalFigures('hybrid', found, 0.9);
  expect(figures.map(({ value }) => value)).toEqual([39 / 52, 39, 52]);
  expect(figures.filter(misses)).toEqual([]);
  expect(totalFigures('hybrid', found, 0.7).filter(misses)).toMatchObject([
    { name: 'hybrid: both beside one after the other' },
  ]);
});

describe('on one device', () => {
  const least = (device_share: number) =>
    sharedDeviceFigures({ ...found, device_share }).find(({ name }) => name.includes('least'))?.value;

  test('both results need at least the device time of both, and the time of the transcriber', () => {
    // Whisper 22 s, Voxtral 30 s.
    expect(least(1)).toBe(1);
    expect(least(0.5)).toBe((11 + 30) / 52);
    expect(
      sharedDeviceFigures({
        in_turn: [{ transcript: 20, total: 21 }],
        at_once: found.at_once,
        device_share: 0.5,
      }).find(({ name }) => name.includes('least'))?.value,
    ).toBe(20 / 21);
  });

  test('no figure has a target, because the loads are assumed', () => {
    const figures = sharedDeviceFigures({ ...found, device_share: 0.5 });
    expect(figures.filter(({ target, least: floor }) => target !== undefined || floor !== undefined)).toEqual(
      [],
    );
  });
});

test('recordings have different volumes and are not silent', () => {
  const loud = Array.from({ length: 20 }, (_, i) => softer(i + 1));
  expect(new Set(loud).size).toBe(20);
  expect(Math.min(...loud)).toBeGreaterThan(0.5);
});
