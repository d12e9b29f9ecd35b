import { sentences } from '../../../core/formats/sentences';

const texts = (...of: Parameters<typeof sentences>) => sentences(...of).map(({ text }) => text);
const words = (text: string, start: number) =>
  text.split(' ').map((word, index) => ({ word, start: start + index, end: start + index + 1 }));

test('a sentence that goes over several segments has the times of its first and last word', () => {
  const found = sentences([
    { text: 'We kept', start: 0, end: 2, words: words('We kept', 0) },
    { text: 'the bees. They swarm', start: 2, end: 6, words: words('the bees. They swarm', 2) },
    { text: 'in May.', start: 6, end: 8, words: words('in May.', 6) },
  ]);
  expect(found).toEqual([
    { text: 'We kept the bees.', start: 0, end: 4 },
    { text: 'They swarm in May.', start: 4, end: 8 },
  ]);
});

test('without the times of words, times follow from the length of the text', () => {
  expect(sentences([{ text: 'One two. Six ten.', start: 10, end: 27 }])).toEqual([
    { text: 'One two.', start: 10, end: 19 },
    { text: 'Six ten.', start: 19, end: 27 },
  ]);
});

test('a word that the text does not contain, and one without letters, are left out', () => {
  const found = sentences([
    {
      text: 'Good morning.',
      start: 0,
      end: 9,
      words: [...words('Bad', 0), { word: 'morning.', start: 5, end: 6 }],
    },
  ]);
  expect(found).toEqual([{ text: 'Good morning.', start: 5, end: 6 }]);
});

test('titles and initials end no sentence', () => {
  expect(texts([{ text: 'Ask Dr. Brown or J. Smith. They know. Mr. Lee does not.' }])).toEqual([
    'Ask Dr. Brown or J. Smith.',
    'They know.',
    'Mr. Lee does not.',
  ]);
});

test('another speaker and a long pause end a sentence', () => {
  const found = sentences([
    { text: 'I think', start: 0, end: 1, speaker: 'A' },
    { text: 'no', start: 1, end: 2, speaker: 'B' },
    { text: 'well', start: 2, end: 3, speaker: 'B' },
    { text: 'later', start: 8, end: 9, speaker: 'B' },
  ]);
  expect(found).toEqual([
    { text: 'I think', start: 0, end: 1, speaker: 'A' },
    { text: 'no well', start: 1, end: 3, speaker: 'B' },
    { text: 'later', start: 8, end: 9, speaker: 'B' },
  ]);
});

test('speech without punctuation is split at the ends of segments', () => {
  const segment = (index: number) => ({ text: `w${index} `.repeat(30).trim(), start: index, end: index + 1 });
  const found = sentences([0, 1, 2, 3, 4].map(segment));
  expect(found.map(({ start, end }) => [start, end])).toEqual([
    [0, 2],
    [2, 4],
    [4, 5],
  ]);
});

test('a long sentence is split at clauses or words, and nothing is lost', () => {
  const clause = 'it was raining all day, ';
  const long = texts([{ text: `${clause.repeat(30)}so we left.` }]);
  expect(Math.max(...long.map(({ length }) => length))).toBeLessThanOrEqual(240);
  expect(long.join(' ')).toBe(`${clause.repeat(30)}so we left.`);
  expect(long[0]).toMatch(/day,$/);
  expect(texts([{ text: '\u{1F41D}x'.repeat(200) }]).join('')).toBe('\u{1F41D}x'.repeat(200));
});

test('languages without spaces are joined without spaces, and split at their full stops', () => {
  expect(texts([{ text: '今日は天気が' }, { text: 'いいです。明日は雨です。' }])).toEqual([
    '今日は天気がいいです。',
    '明日は雨です。',
  ]);
});

test('control characters and texts without a letter are left out', () => {
  expect(texts([{ text: 'Good\u0000 \u001b[31mday.' }, { text: ' ... ', isApart: true }])).toEqual([
    'Good [31mday.',
  ]);
});

test('a text of a million words takes less than ten seconds', () => {
  const started = performance.now();
  expect(sentences([{ text: 'word '.repeat(1_000_000), start: 0, end: 1 }]).length).toBeGreaterThan(20_000);
  expect(performance.now() - started).toBeLessThan(10_000);
});
