import { type Figure, misses } from '../../bench/figure';
import { streamFigures, wordFigures } from '../../bench/speech/speech';

const value = (figures: Figure[], name: string) => figures.find((each) => each.name.includes(name))?.value;
const missed = (figures: Figure[]) => figures.filter(misses).map(({ name }) => name);

describe('a long text', () => {
  const found = {
    ...{ sentences: 25, characters: 1000, audio: { bare: [70], service: [75] } },
    ...{ bare: [96, 95, 110], service: [100, 90, 120], first: [10, 9, 30] },
  };

  test('is compared with the bare engine, and its first sound with its last', () => {
    const figures = streamFigures(found);
    expect(value(figures, 'first sound of 1000 characters')).toBeCloseTo(0.1);
    expect(value(figures, '25 sentences by the service')).toBeCloseTo(0.96);
    expect(value(figures, 'seconds of speech in a second')).toBeCloseTo(0.75);
    expect(missed(figures)).toEqual([]);
  });

  test('misses its targets if the first sound is late, or the service is slow', () => {
    expect(missed(streamFigures({ ...found, first: [16, 15, 30] }))).toEqual([
      expect.stringContaining('first sound of'),
    ]);
    expect(missed(streamFigures({ ...found, service: [102, 103, 101] }))).toEqual([
      expect.stringContaining('beside the bare engine'),
    ]);
  });
});

test('words are counted that were recognised wrongly', () => {
  const [share] = wordFigures({ sentences: 50, words: 400, wrong: 30 });
  expect(share?.value).toBeCloseTo(7.5);
  expect(missed(wordFigures({ sentences: 50, words: 400, wrong: 33 }))).toHaveLength(1);
});
