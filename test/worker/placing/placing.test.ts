import type { Chapter, Evidence, Highlight } from '../../../core/contract/work/analysis';
import type { Segment, Transcript } from '../../../core/contract/work/transcript';
import { locate } from '../../../docker/worker/src/evidence/evidence';
import { place } from '../../../docker/worker/src/placing/placing';
import { claiming, segmentOf, transcriptOf } from '../../support/evidence-text';

/** Seconds of a word, and of the pause after it. */
const WORD = { spoken: 0.8, step: 1 };
const TALK =
  'Good morning to all of you. Today we speak of bees. They live in a hive behind the old barn. ' +
  'Now let us turn to honey. It is gathered in the month of June. Nobody may eat it before Sunday. ' +
  'At last there is wax. We make candles of it. They burn for eleven hours. Thank you for listening.';

/** The words, one a second, from `from` on. */
function said(text: string, from = 0, id = 0, speaker?: string): Segment {
  const words = text.split(' ').map((word, at) => {
    const start = from + at * WORD.step;
    return { word, start, end: start + WORD.spoken };
  });
  return { ...segmentOf(id, words), ...(speaker !== undefined && { speaker }) };
}

const talk = transcriptOf([said(TALK)]);
const DURATION = talk.segments[0]!.words.length;
/** Second at which these words begin. */
const at = (words: string) => TALK.slice(0, TALK.indexOf(words)).split(' ').length - 1;

const heard = (quote: string, from = 0, to = DURATION): Evidence => ({
  quote,
  heard_from: from,
  heard_to: to,
});
const chapter = (title: string, quote: string, from?: number, to?: number): Chapter => ({
  title,
  evidence: quote === '' ? [] : [heard(quote, from, to)],
});
const highlight = (title: string, ...quotes: string[]): Highlight => ({
  title,
  reason: 'It is.',
  evidence: quotes.map((quote) => heard(quote)),
});

function placed(
  claims: { chapters?: Chapter[]; highlights?: Highlight[] },
  transcript: Transcript | null = talk,
  duration = transcript?.duration ?? DURATION,
) {
  const analysis = { ...claiming(), topics: undefined, duration, ...claims };
  return transcript === null ? place(analysis) : place(locate(analysis, transcript), transcript);
}

const times = (claims: { title: string; start?: number; end?: number }[] = []) =>
  claims.map(({ title, start, end }) => [title, start, end]);

describe('chapters', () => {
  const of = (...chapters: Chapter[]) => times(placed({ chapters }, talk, DURATION).chapters);

  it('start with the sentence of their first words, and cover the recording', () => {
    expect(
      of(
        chapter('Bees', 'we speak of bees'),
        chapter('Honey', 'let us turn to honey'),
        chapter('Wax', 'there is wax'),
      ),
    ).toEqual([
      ['Bees', 0, at('Now let')],
      ['Honey', at('Now let'), at('At last')],
      ['Wax', at('At last'), DURATION],
    ]);
  });

  it('are in the order of the recording, whatever the order of the model', () => {
    expect(of(chapter('Wax', 'there is wax'), chapter('Bees', 'we speak of bees'))).toEqual([
      ['Bees', 0, at('At last')],
      ['Wax', at('At last'), DURATION],
    ]);
  });

  it('come last and have no times if their words were not found, and the others cover the recording', () => {
    const found = placed({
      chapters: [
        chapter('Bees', 'we speak of bees'),
        chapter('Horses', 'the stallions gallop'),
        chapter('Nothing', ''),
        chapter('Wax', 'there is wax'),
      ],
    }).chapters;
    expect(found?.map(({ title, located, start }) => [title, located, start])).toEqual([
      ['Bees', true, 0],
      ['Wax', true, at('At last')],
      ['Horses', false, undefined],
      ['Nothing', false, undefined],
    ]);
  });

  it('start at 0 with the first one even if its words were not found: nothing is before it', () => {
    expect(of(chapter('Start', 'ladies and gentlemen'), chapter('Wax', 'there is wax'))).toEqual([
      ['Start', 0, at('At last')],
      ['Wax', at('At last'), DURATION],
    ]);
    // The words of the second one are at the start, so the first one has no place.
    expect(of(chapter('Start', 'ladies and gentlemen'), chapter('Bees', 'we speak of bees'))).toEqual([
      ['Bees', 0, DURATION],
      ['Start', undefined, undefined],
    ]);
  });

  it('of less than ten seconds belong to the one before', () => {
    expect(
      of(
        chapter('Bees', 'Good morning to all'),
        chapter('Again', 'we speak of bees'),
        chapter('Wax', 'there is wax'),
        chapter('Candles', 'we make candles'),
        chapter('Thanks', 'Thank you for listening'),
      ),
    ).toEqual([
      ['Bees', 0, at('At last')],
      ['Wax', at('At last'), DURATION],
    ]);
  });

  it('start with the sentence of the same speaker, where others speak at the same time', () => {
    const twoChannels = transcriptOf([
      said('We have had bees for many years on our farm in the hills. They live behind the barn.', 0, 0, 'A'),
      said('Yes indeed. That is how they do it in the village.', 12, 1, 'B'),
    ]);
    const chapters = [chapter('Bees', 'we have had bees'), chapter('Home', 'behind the barn')];
    expect(times(placed({ chapters }, twoChannels, 60).chapters)).toEqual([
      ['Bees', 0, 13],
      ['Home', 13, 60],
    ]);
  });

  it('are whole parts of the recording without a transcript, which is reported', () => {
    const { chapters, degraded } = placed(
      {
        chapters: [
          chapter('Bees', 'a', 5, 600),
          chapter('Honey', 'b', 5, 600),
          chapter('Wax', 'c', 600, 900),
          chapter('Nothing', ''),
        ],
      },
      null,
      900,
    );
    expect(times(chapters)).toEqual([
      ['Bees; Honey', 0, 600],
      ['Wax', 600, 900],
      ['Nothing', undefined, undefined],
    ]);
    expect(chapters?.[0]?.evidence.map(({ quote }) => quote)).toEqual(['a', 'b']);
    expect(degraded.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^Chapters: .* no transcript/),
    ]);
  });
});

describe('highlights', () => {
  const of = (...highlights: Highlight[]) => times(placed({ highlights }, talk, DURATION).highlights);
  /** Start and end with the silence around the words: half of the pause of 0.2 s. */
  const between = (first: string, next: string) => [
    Math.max(0, at(first) - 0.1),
    next === '' ? DURATION : at(next) - 0.1,
  ];

  it('are whole sentences, from that of the first words to that of the last words', () => {
    expect(of(highlight('Honey', 'turn to honey', 'before Sunday'))).toEqual([
      ['Honey', ...between('Now let', 'At last')],
    ]);
  });

  it('of less than ten seconds get the sentences after them, at the end those before them', () => {
    expect(of(highlight('Hello', 'good morning to all of you'))).toEqual([
      ['Hello', ...between('Good', 'They live')],
    ]);
    expect(of(highlight('Thanks', 'Thank you for listening'))).toEqual([
      ['Thanks', at('We make') - 0.1, DURATION - 0.1],
    ]);
  });

  it('get the sentences before them if only their last words were found', () => {
    expect(of(highlight('Honey', 'stallions gallop', 'may eat it before Sunday'))).toEqual([
      ['Honey', ...between('It is gathered', 'At last')],
    ]);
  });

  it('of the last words more than 90 seconds after the first ones end without them', () => {
    const long = Array.from(
      { length: 20 },
      (_, n) => `Sentence number ${n} has some ten words like number ${n}.`,
    );
    const transcript = transcriptOf([said(long.join(' '))]);
    const lengths = (quotes: string[]) =>
      placed({ highlights: [highlight('x', ...quotes)] }, transcript).highlights?.map(({ start, end }) => [
        start,
        Math.round((end ?? 0) - (start ?? 0)),
      ]);
    expect(lengths(['Sentence number 2 has', 'like number 6'])).toEqual([[19.9, 50]]);
    expect(lengths(['Sentence number 2 has', 'like number 17'])).toEqual([[19.9, 20]]);
  });

  it('lose their last sentence if the first words are in two sentences that take more than 90 seconds', () => {
    const sentence = (name: string) => `${Array.from({ length: 60 }, (_, n) => `${name}${n}`).join(' ')}.`;
    const transcript = transcriptOf([said(`${sentence('A')} ${sentence('B')}`)]);
    const found = placed({ highlights: [highlight('x', 'A57 A58 A59 B0 B1 B2')] }, transcript).highlights;
    expect(times(found)).toEqual([['x', 0, 59.9]]);
  });

  it('are not extended over a long pause', () => {
    const transcript = transcriptOf([
      said('We have bees.', 0, 0),
      said('They sleep in the winter months.', 30, 1),
    ]);
    expect(
      times(placed({ highlights: [highlight('Bees', 'we have bees')] }, transcript, 60).highlights),
    ).toEqual([['Bees', 0, 3]]);
  });

  it('leave out a passage that overlaps a better one, and keep the order of the model', () => {
    expect(
      of(
        highlight('Wax', 'there is wax', 'eleven hours'),
        highlight('Candles', 'we make candles of it'),
        highlight('Horses', 'the stallions gallop'),
        highlight('Bees', 'we speak of bees', 'behind the old barn'),
      ).map(([title]) => title),
    ).toEqual(['Wax', 'Bees', 'Horses']);
  });

  it('never overlap by the silence around them', () => {
    const [first, second] = of(
      highlight('One', 'good morning', 'speak of bees'),
      highlight('Two', 'they live in a hive'),
    );
    expect(first?.[2]).toBe(second?.[1]);
  });

  it('have no times without a transcript, which is reported', () => {
    const { highlights, degraded } = placed({ highlights: [highlight('Honey', 'honey')] }, null);
    expect(times(highlights)).toEqual([['Honey', undefined, undefined]]);
    expect(degraded).toHaveLength(1);
  });
});

test('an analysis without both stays as it is', () => {
  const analysis = claiming(heard('bees'));
  expect(place(analysis, talk)).toBe(analysis);
  expect(place(analysis)).toBe(analysis);
});
