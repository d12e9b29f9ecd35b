import { locate } from '../../../docker/worker/src/evidence/evidence';
import type { Evidence } from '../../../core/contract/work/analysis';
import {
  PACE,
  below,
  claiming,
  misheard,
  oneOf,
  otherWords,
  seeded,
  shuffled,
  spoken,
  talk,
} from '../../support/evidence-text';

/** Two hours of talk, heard in stretches of eight minutes. */
const WORDS = 20_000;
const STRETCH_SECONDS = 480;
const QUOTES = 300;

const words = talk(seeded(1), WORDS);
const said = ` ${words.join(' ')} `;
const transcript = spoken(words);

type Random = () => number;
interface Cut {
  quote: string[];
  start: number;
  end: number;
}

/** The given number of words at a random place of the talk. */
function cut(random: Random, shortest: number, longest: number): Cut {
  const length = shortest + below(random, longest - shortest + 1);
  const at = below(random, words.length - length);
  const start = at * PACE.step;
  return {
    quote: words.slice(at, at + length),
    start,
    end: start + (length - 1) * PACE.step + PACE.length,
  };
}

/** Evidence with the quote and the stretch of its place. */
function heard(quote: string[], { start }: { start: number }): Evidence {
  const heard_from = Math.floor(start / STRETCH_SECONDS) * STRETCH_SECONDS;
  return { quote: quote.join(' '), heard_from, heard_to: heard_from + STRETCH_SECONDS };
}

const found = (evidence: Evidence[]) =>
  (locate(claiming(...evidence), transcript).topics ?? []).flatMap((topic) => topic.evidence);

const share = <T>(items: T[], holds: (item: T, at: number) => boolean) =>
  items.filter(holds).length / items.length;

/** Share of quotes whose time is at least half correct (intersection over union). */
function recall(rate: number, shortest: number, longest: number): number {
  const random = seeded(2);
  const cuts = Array.from({ length: QUOTES }, () => cut(random, shortest, longest));
  const places = found(cuts.map((of) => heard(misheard(random, of.quote, rate, words), of)));
  return share(cuts, ({ start, end }, at) => {
    const place = places[at];
    if (place?.start === undefined || place.end === undefined) return false;
    const both = Math.min(end, place.end) - Math.max(start, place.start);
    return both / (Math.max(end, place.end) - Math.min(start, place.start)) >= 0.5;
  });
}

type Invention = (of: Cut, random: Random) => string[];

/** Share of quotes that are found although they were not said. */
function falselyFound(invent: Invention, shortest: number, longest: number): number {
  const random = seeded(3);
  const evidence: Evidence[] = [];
  while (evidence.length < QUOTES) {
    const of = cut(random, shortest, longest);
    const quote = invent(of, random);
    if (!said.includes(` ${quote.join(' ')} `)) evidence.push(heard(quote, of));
  }
  return share(found(evidence), ({ start }) => start !== undefined);
}

/** The same number of words from the stretch, in random order. */
function drawn({ quote, start }: Cut, random: Random): string[] {
  const from = Math.floor(Math.floor(start / STRETCH_SECONDS) * (STRETCH_SECONDS / PACE.step));
  const near = words.slice(from, from + Math.floor(STRETCH_SECONDS / PACE.step));
  return quote.map(() => oneOf(random, near));
}

describe('quotes in a talk of two hours', () => {
  it.each([
    [0, 0.99],
    [0.1, 0.98],
    [0.2, 0.95],
    [0.3, 0.88],
  ])('are found at the correct place with a share of %d of their words misheard', (rate, least) => {
    expect(recall(rate, 5, 25)).toBeGreaterThanOrEqual(least);
  });

  it.each([
    [0, 0.95],
    [0.1, 0.8],
  ])('are mostly found if they are short, with a share of %d of their words misheard', (rate, least) => {
    expect(recall(rate, 2, 4)).toBeGreaterThanOrEqual(least);
  });

  it.each([
    ['of words said in the same minutes', drawn],
    ['of words said anywhere', ({ quote }: Cut, random: Random) => quote.map(() => oneOf(random, words))],
    ['of words never said', ({ quote }: Cut, random: Random) => quote.map(() => oneOf(random, otherWords()))],
  ])('are not found if they are made up %s', (_, invent) => {
    expect(falselyFound(invent, 5, 25)).toBeLessThanOrEqual(0.02);
    expect(falselyFound(invent, 3, 4)).toBeLessThanOrEqual(0.05);
  });

  // Shuffling a few words leaves most of them in order, and these are found at their place.
  it('are not found if the words of a sentence are shuffled', () => {
    expect(falselyFound(({ quote }, random) => shuffled(random, quote), 13, 25)).toBeLessThanOrEqual(0.02);
  });
});
