import { languageCode, languageName, spaceBetween } from '../../../core/forms/languages';

test.each([
  ['en', 'en'],
  ['EN', 'en'],
  [' en ', 'en'],
  ['en-US', 'en'],
  ['en_GB', 'en'],
  ['eng', 'en'],
  ['English', 'en'],
  ['ger', 'de'],
  ['deu', 'de'],
  ['zh-Hant-TW', 'zh'],
  ['yue-HK', 'yue'],
  ['Mandarin', 'zh'],
  ['Haitian Creole', 'ht'],
  // Whisper's codes, where Unicode prefers others.
  ['jv', 'jw'],
  ['jw', 'jw'],
  ['nb', 'no'],
  ['nb-NO', 'no'],
  ['fil', 'tl'],
  ['tgl', 'tl'],
  ['iw', 'he'],
])('the language %j is %s', (value, code) => expect(languageCode(value)).toBe(code));

test.each([
  '',
  'xx',
  'klingon',
  'auto',
  'e',
  'en-',
  '-',
  'en us',
  '__proto__',
  'constructor',
  'x'.repeat(1e6),
])('the language %j is unknown', (value) => expect(languageCode(value)).toBeUndefined());

test('a language has Whisper’s name', () => {
  expect(['en', 'my', 'und', 'toString'].map(languageName)).toEqual([
    'english',
    'myanmar',
    undefined,
    undefined,
  ]);
});

test.each([
  [undefined, 'en', ' '],
  [undefined, 'ja', ''],
  ['und', 'und', ' '],
  ['ja', 'ja', ''],
  ['ja', 'zh', ''],
  ['en', 'ja', ' '],
  ['zh', 'de', ' '],
])('texts in %s and %s are separated by %j', (before, after, space) =>
  expect(spaceBetween(before, after)).toBe(space),
);
