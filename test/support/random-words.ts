import type { Random } from './random';

/** How a language is written: its words, and what stands between them. */
export interface Script {
  languages: readonly string[];
  words: readonly string[];
  between: '' | ' ';
}

const words = (text: string) => text.split(' ');

export const SCRIPTS: readonly Script[] = [
  {
    languages: ['en', 'xx', 'haw', 'jw'],
    words: words(
      "a I I. the of to mr Mr. Mrs. Ms. Dr. Prof. Mme. J. St. No. etc. and so it's don't well-known Wi-Fi 3.14 1,000 250 mg 7 e.g. uh... U.S. " +
        'rock ’n’ roll under extraordinary incomprehensibilities Yes! no? wait; there: look— here… ONE Two three, four. x_y C++',
    ),
    between: ' ',
  },
  {
    // With accents of their own, and with accents as marks.
    languages: ['de', 'fr', 'es', 'vi'],
    words: [
      ...words(
        'Straße über Donaudampfschifffahrtsgesellschaft für Œuvre naïve ¿Qué? ¡Sí! «Oui» „Ja“ Ähm. d’or ÉTÉ ı İ ǅ ſt',
      ),
      ...words('u\u0308ber e\u0301te\u0301 Vie\u0302\u0323t n\u0303 Z\u0351\u036b\u0343\u036a'),
    ],
    between: ' ',
  },
  {
    languages: ['ru', 'el'],
    words: words('в и Мы говорим, д-р слова. Καλημέρα; τι κάνεις; ΑΒΓ ς.'),
    between: ' ',
  },
  {
    languages: ['zh', 'yue'],
    words: words('我 们 今天 去 医院 ， 。 、 好 ？ 「 」 《 》 250 毫克 AI 𠮷 㐂 ﹏ ！ 一 Ａ Ｂ'),
    between: '',
  },
  {
    languages: ['ja'],
    words: words(
      '今 日 は です 。 、 きょう ッ ー カード ｶﾞ ん だ っ て ゃ 々 「 」 （ ） 3 GB が か\u3099 ヽ',
    ),
    between: '',
  },
  {
    languages: ['th', 'lo', 'km'],
    words: words('สวัสดี ครับ วันนี้ ที่ เรา จะ ไป น้ำ ๆ ฯ ก็ ผู้ ใหญ่ ເຈົ້າ ខ្ញុំ ។'),
    between: '',
  },
  {
    languages: ['ar', 'he', 'fa', 'ur'],
    words: words('مرحبا بكم، كيف؟ إِنَّ \u200fقال\u200e שָׁלוֹם עולם. ״כן״ می\u200cروم ہے۔ 123 ١٢٣ (نعم)'),
    between: ' ',
  },
  { languages: ['hi', 'ta', 'bn'], words: words('नमस्ते क्षेत्र है। में कि வணக்கம் நீங்கள் বাংলা স্ত্রী॥'), between: ' ' },
  {
    languages: ['ko'],
    words: words('안녕하세요 저는 한국 \u1112\u1161\u11ab 사람입니다. 네, 1시'),
    between: ' ',
  },
  {
    languages: ['am', 'hy'],
    words: words('ሰላም፣ ነው። Բարեւ։ ձեզ'),
    between: ' ',
  },
];

/** What no language has, and a transcript may. */
const ODD = [
  '',
  ' ',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\u0000',
  '\u0301',
  '\u0e34',
  '\u00ad',
  '\u3000',
  ' padded ',
  'two words',
  'no\u00a0break',
  'thin\u2009space',
  'line\nbreak',
  'line\r\n\r\nbreaks',
  'tab\tstop',
  'next\u0085line',
  '<b>',
  '</c>',
  '<v Bob>',
  '&amp;',
  '&',
  '-->',
  'a-->b',
  '{\\an8}',
  '\\N',
  '"',
  "'",
  '"quoted"',
  '(',
  '[[',
  ')',
  '“',
  '”',
  '«',
  '»',
  '¿',
  ',',
  '.',
  '…',
  '...',
  '?!',
  '—',
  '-',
  '♪',
  '%',
  '€5',
  '😀',
  '👍🏽',
  '👨‍👩‍👧‍👦',
  '🇩🇪',
  '❤️',
  '1️⃣',
  '𝒳',
  '🀄',
];

/** All marks by which a text is parted. */
const ENDS = [...'.!?…‽。．！？｡؟۔।॥։።,;:—–、，；：､،؛፣"\'”’»›)]}）］｝」』】〉》', '."', '...', '.)'];
const BEGINNINGS = [...'“‘«‹([{（［｛「『【〈《„‚¿¡"\''];
/** Signs that begin no line. */
const KANA = [...'ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々ゝゞヽヾ'];

/** A word of the script, or something odder in its place. */
export function randomWord(random: Random, script: Script): string {
  const kind = random.next();
  if (kind < 0.1) return random.one(ODD);
  if (kind < 0.13) return random.one(script.words).repeat(random.integer(2, 40));
  if (kind < 0.16) return random.one(random.one(SCRIPTS).words);
  if (kind < 0.2) return random.one(script.words) + random.one(ODD);
  if (kind < 0.23) return random.one(KANA);
  if (kind < 0.25) return random.one(BEGINNINGS) + random.one(script.words);
  return random.one(script.words) + (random.chance(0.25) ? random.one(ENDS) : '');
}
