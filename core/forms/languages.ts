/**
 * Codes and names of the languages that Whisper supports. The codes are ISO 639-1 where such a code
 * exists.
 */
const NAMES: Readonly<Record<string, string>> = {
  af: 'afrikaans',
  am: 'amharic',
  ar: 'arabic',
  as: 'assamese',
  az: 'azerbaijani',
  ba: 'bashkir',
  be: 'belarusian',
  bg: 'bulgarian',
  bn: 'bengali',
  bo: 'tibetan',
  br: 'breton',
  bs: 'bosnian',
  ca: 'catalan',
  cs: 'czech',
  cy: 'welsh',
  da: 'danish',
  de: 'german',
  el: 'greek',
  en: 'english',
  es: 'spanish',
  et: 'estonian',
  eu: 'basque',
  fa: 'persian',
  fi: 'finnish',
  fo: 'faroese',
  fr: 'french',
  gl: 'galician',
  gu: 'gujarati',
  ha: 'hausa',
  haw: 'hawaiian',
  he: 'hebrew',
  hi: 'hindi',
  hr: 'croatian',
  ht: 'haitian creole',
  hu: 'hungarian',
  hy: 'armenian',
  id: 'indonesian',
  is: 'icelandic',
  it: 'italian',
  ja: 'japanese',
  jw: 'javanese',
  ka: 'georgian',
  kk: 'kazakh',
  km: 'khmer',
  kn: 'kannada',
  ko: 'korean',
  la: 'latin',
  lb: 'luxembourgish',
  ln: 'lingala',
  lo: 'lao',
  lt: 'lithuanian',
  lv: 'latvian',
  mg: 'malagasy',
  mi: 'maori',
  mk: 'macedonian',
  ml: 'malayalam',
  mn: 'mongolian',
  mr: 'marathi',
  ms: 'malay',
  mt: 'maltese',
  my: 'myanmar',
  ne: 'nepali',
  nl: 'dutch',
  nn: 'nynorsk',
  no: 'norwegian',
  oc: 'occitan',
  pa: 'punjabi',
  pl: 'polish',
  ps: 'pashto',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sa: 'sanskrit',
  sd: 'sindhi',
  si: 'sinhala',
  sk: 'slovak',
  sl: 'slovenian',
  sn: 'shona',
  so: 'somali',
  sq: 'albanian',
  sr: 'serbian',
  su: 'sundanese',
  sv: 'swedish',
  sw: 'swahili',
  ta: 'tamil',
  te: 'telugu',
  tg: 'tajik',
  th: 'thai',
  tk: 'turkmen',
  tl: 'tagalog',
  tr: 'turkish',
  tt: 'tatar',
  uk: 'ukrainian',
  ur: 'urdu',
  uz: 'uzbek',
  vi: 'vietnamese',
  yi: 'yiddish',
  yo: 'yoruba',
  yue: 'cantonese',
  zh: 'chinese',
};

/** Other names that Whisper accepts. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  burmese: 'my',
  castilian: 'es',
  flemish: 'nl',
  haitian: 'ht',
  letzeburgesch: 'lb',
  mandarin: 'zh',
  moldavian: 'ro',
  moldovan: 'ro',
  panjabi: 'pa',
  pushto: 'ps',
  sinhalese: 'si',
  valencian: 'ca',
};

/** Whisper's codes, by the code that Unicode prefers. */
const CODES: Readonly<Record<string, string>> = { fil: 'tl', jv: 'jw', nb: 'no' };

const BY_NAME = new Map([
  ...Object.entries(NAMES).map(([code, name]) => [name, code] as const),
  ...Object.entries(OTHER_NAMES),
]);

/** Requests language detection, as a missing `language` does. */
export const AUTO = 'auto';

/** The longest language tag that BCP 47 expects. */
const MOST_CHARACTERS = 35;

/**
 * Languages written without spaces between words. Twin of
 * `spotscribe_audio/language/languages.py`.
 */
const WITHOUT_SPACES = new Set(['ja', 'zh']);

/**
 * The code of a language, given by its code (`en`, `EN`), with a region (`en-US`, `en_US`), by its
 * ISO 639-2 code (`eng`), or by its English name (`English`). Returns undefined for a language that
 * Whisper does not support.
 */
export function languageCode(value: string): string | undefined {
  const named = value.trim().toLowerCase().replaceAll('_', '-');
  if (named.length > MOST_CHARACTERS) return undefined;
  if (Object.hasOwn(NAMES, named)) return named;
  const byName = BY_NAME.get(named);
  if (byName !== undefined) return byName;
  try {
    const { language } = new Intl.Locale(named);
    const code = CODES[language] ?? language;
    return Object.hasOwn(NAMES, code) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Whisper's English name of a language, in lower case. Undefined for an unknown code. */
export const languageName = (code: string): string | undefined =>
  Object.hasOwn(NAMES, code) ? NAMES[code] : undefined;

/**
 * The separator between texts of two languages: none if neither is written with spaces. Twin of
 * `space_between` in the whisper service.
 *
 * @param before undefined at the beginning of a text
 */
export const spaceBetween = (before: string | undefined, after: string): '' | ' ' =>
  WITHOUT_SPACES.has(after) && (before === undefined || WITHOUT_SPACES.has(before)) ? '' : ' ';
