import { CloseWords } from '../../../docker/worker/src/evidence/close-words';
import { prepare } from '../../../docker/worker/src/evidence/quote';
import { fit } from '../../../docker/worker/src/evidence/quote-alignment';
import { search } from '../../../docker/worker/src/evidence/quote-search';
import { SpokenWords, wordsOf } from '../../../docker/worker/src/evidence/spoken-words';
import { below, misheard, oneOf, seeded, spoken, talk } from '../../support/evidence-text';

const vocabulary = (random: () => number, count: number, longest: number, letters: string) =>
  Array.from({ length: count }, () =>
    Array.from({ length: 1 + below(random, longest) }, () => oneOf(random, [...letters])).join(''),
  );

/** Letters to put in, take out or exchange, as the textbook counts them. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const exchanged = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

describe('close words', () => {
  it.each([
    [14, 'ABCabc'],
    // Words of more than 32 letters are counted in another way.
    [40, 'ABab'],
  ])('of up to %d letters are those with one edit for every four', (longest, letters) => {
    const random = seeded(5);
    const drawn = vocabulary(random, 400, longest, letters);
    const spoilt = drawn.slice(0, 60).map((word) => `${word.slice(0, 3)}b${word.slice(4, -1)}`);
    const words = [...new Set([...drawn, ...spoilt])].filter((word) => word !== '');
    const close = new CloseWords(words);
    const asked = words.slice(0, 30).flatMap((word) => [word, `${word}a`.slice(0, 40), word.slice(1)]);
    let found = 0;
    for (const word of asked) {
      const expected = words.flatMap((other, id) => {
        const edits = editsBetween(word, other);
        const allowed = Math.min(3, Math.floor(Math.max(word.length, other.length) / 4));
        return edits > 0 && edits <= allowed ? [{ id, edits }] : [];
      });
      expect(close.of(word)).toEqual(expected);
      found += expected.length;
    }
    expect(found).toBeGreaterThan(50);
  });

  it('are not numbers or very long words', () => {
    const close = new CloseWords(['250MG', 'A'.repeat(41), 'MILLIGRAM']);
    expect(close.of('259MG')).toEqual([]);
    expect(close.of('A'.repeat(40))).toEqual([]);
    expect(close.of('MILLIGRAMS')).toEqual([{ id: 2, edits: 1 }]);
  });
});

describe('the words of a text', () => {
  it.each([
    ['Straße, STRASSE', ['STRASSE', 'STRASSE']],
    ['Ελλάδος ελλαδοσ', ['ΕΛΛΑΔΟΣ', 'ΕΛΛΑΔΟΣ']],
    ['well-known: “Don’t”', ['WELL', 'KNOWN', 'DONT']],
    ['3.5 of 1,000, 10:30.', ['35', 'OF', '1000', '10', '30']],
    ['naïve co\u00adop', ['NAIVE', 'COOP']],
    ['用GPT4写 ﾃｽﾄ', ['用', 'GPT4', '写', 'テ', 'ス', 'ト']],
    ['ที่นี่', ['ที่', 'นี่']],
    ['हिन्दी', ['हिन्दी']],
    ['한국어 수업', ['한국어', '수업']],
    [' -- ', []],
  ])('%s', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
});

describe('a search', () => {
  it('finds the result of a full alignment while aligning few words', () => {
    const random = seeded(6);
    const words = talk(random, 4000);
    const said = new SpokenWords(spoken(words).segments);
    const whole = { from: 0, to: said.count };
    let found = 0;
    for (let trial = 0; trial < 150; trial += 1) {
      const length = 2 + below(random, 20);
      const at = below(random, words.length - length);
      const heard = misheard(random, words.slice(at, at + length), random() * 0.6, words);
      const quote = prepare(heard.join(' '), said);
      if (quote === undefined) continue;
      const best = fit(said, whole, quote.matches, quote.words);
      const result = search(quote, said, whole, 0.5);
      if (best.score < quote.letters / 2) expect(result).toBeUndefined();
      else {
        found += 1;
        expect(result?.score).toBe(best.score);
        expect(result?.to).toBe(best.to);
      }
    }
    expect(found).toBeGreaterThan(75);
    expect(found).toBeLessThan(150);
  });

  it('stops early in a text that repeats a few words many times', () => {
    const random = seeded(7);
    const words = Array.from({ length: 30_000 }, () => oneOf(random, ['one', 'two', 'six', 'ten', 'red']));
    const said = new SpokenWords(spoken(words).segments);
    const found = (from: number) => {
      const quote = prepare(words.slice(from, from + 200).join(' '), said);
      return quote && search(quote, said, { from: 0, to: said.count }, 0.9)?.from;
    };
    expect(found(1000)).toBe(1000);
    expect(found(29_000)).toBeUndefined();
  });

  it('stays within the given words', () => {
    const words = 'one two three four five six seven eight one two three'.split(' ');
    const said = new SpokenWords(spoken(words).segments);
    const quote = prepare('one two three', said);
    if (quote === undefined) throw new Error('There is no quote.');
    expect(search(quote, said, { from: 1, to: 11 }, 0.5)).toMatchObject({ from: 8, to: 11, score: 11 });
    expect(search(quote, said, { from: 1, to: 10 }, 0.5)).toMatchObject({ from: 1, to: 3, score: 8 });
    expect(search(quote, said, { from: 3, to: 8 }, 0.5)).toBeUndefined();
    expect(search(quote, said, { from: 8, to: 8 }, 0.5)).toBeUndefined();
  });
});
