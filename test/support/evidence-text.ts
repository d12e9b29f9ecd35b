import { type Random, seeded } from '../../bench/fleet/random';
import type { Analysis, Evidence } from '../../core/contract/work/analysis';
import type { Segment, Transcript, Word } from '../../core/contract/work/transcript';

export { seeded };
export const below = (random: Random, count: number) => Math.floor(random() * count);
export const oneOf = <T>(random: Random, items: readonly T[]) => items[below(random, items.length)] as T;

/** The most frequent first. They make up half of speech. */
const SMALL_WORDS =
  'the and I to a of you that it in is we so this for on have but they with be was what not are like do just at as if ' +
  "about there or can think one all know it's would that's from then when which some out get will up more because don't " +
  'really very how now here has had were their our your my who them been by an no well could also into than other only ' +
  'right yeah me us did going want need';
const STEMS =
  'plan ship test bill call chang cost count custom deliver design detail discuss email engine estimat explain fact ' +
  'file final finish friday group happen hour install interest invest issue kitchen launch lead learn level listen ' +
  'london machin manag market meet member minut model monday month morning move network number office open option ' +
  'order paper partner people person phone pictur point present pric problem process product project question quick ' +
  'reason record releas report research result river sample schedul school season second server service small softwar ' +
  'spring staff start station step story street student subject summer support surpris system table talk team thing ' +
  'think thursday train travel trouble update visit voice wait water weather week window winter wonder work world write ' +
  'accept account admit advic airport answer appoint archiv arriv balanc battery budget camera capital channel client ' +
  'comput concern contract copper correct culture damage danger debate decid defend degree demand depend desert device ' +
  'diagram dinner direct doctor dollar driver effect effort electric employ energy enter event exact example expect';
const ENDINGS = ['', '', 's', 'ed', 'ing', 'er'];
/** None of these is in the talk. */
const OTHER_WORDS =
  'velvet orchid glacier tambourine husky quartz zeppelin marmalade bishop falcon juniper walrus pyjamas lobster gravy ' +
  'sphinx nutmeg origami cactus violin bamboo trombone yoghurt kayak jigsaw lantern meadow puffin quiver saffron';

/**
 * The words of an invented talk with the relevant properties of speech: a few words make up half of
 * it, subjects recur, and phrases are repeated.
 */
export function talk(random: Random, count: number): string[] {
  const small = SMALL_WORDS.split(' ');
  const contents = STEMS.split(' ').flatMap((stem) => ENDINGS.map((ending) => stem + ending));
  const words: string[] = [];
  let subject = contents;
  while (words.length < count) {
    if (words.length % 600 < 12) subject = Array.from({ length: 60 }, () => oneOf(random, contents));
    const kind = random();
    if (kind < 0.02 && words.length > 100) {
      const again = below(random, words.length - 6);
      words.push(...words.slice(again, again + 2 + below(random, 4)));
    }
    // The frequency of words falls with their rank (Zipf).
    else if (kind < 0.55) words.push(small[Math.floor(small.length ** random()) - 1] ?? 'the');
    else words.push(oneOf(random, kind < 0.9 ? subject : contents));
  }
  return words.slice(0, count);
}

export const otherWords = () => OTHER_WORDS.split(' ');

/** Seconds from one word to the next, and until it ends. */
export const PACE = { step: 0.36, length: 0.3 };

/**
 * The words as the whisper service returns them: one after another, in segments, with commas and
 * full stops.
 */
export function spoken(words: readonly string[], wordsPerSegment = 11): Transcript {
  const segments: Segment[] = [];
  for (let from = 0; from < words.length; from += wordsPerSegment) {
    const timed = words.slice(from, from + wordsPerSegment).map((word, at): Word => {
      const start = (from + at) * PACE.step;
      return { word: at === 4 ? `${word},` : word, start, end: start + PACE.length };
    });
    segments.push(segmentOf(segments.length, timed));
  }
  return transcriptOf(segments);
}

export const segmentOf = (id: number, words: Word[]): Segment => ({
  id,
  start: words[0]?.start ?? 0,
  end: words.at(-1)?.end ?? 0,
  text: words.map(({ word }) => word).join(' '),
  words,
});

export const transcriptOf = (segments: Segment[]): Transcript => ({
  version: 1,
  engine: { name: 'whisperx', model: 'm' },
  language: 'en',
  duration: segments.at(-1)?.end ?? 0,
  text: segments.map(({ text }) => text).join(' '),
  segments,
  degraded: [],
});

/** An analysis with a topic for each evidence. */
export const claiming = (...evidence: Evidence[]): Analysis => ({
  version: 1,
  engine: { name: 'voxtral', model: 'm' },
  duration: 0,
  topics: evidence.map((words) => ({ title: 't', evidence: [words] })),
  degraded: [],
});

/** The words as another model may hear them. Each one has an error with the probability `rate`. */
export function misheard(
  random: Random,
  words: readonly string[],
  rate: number,
  vocabulary: readonly string[],
) {
  return words.flatMap((word) => {
    if (random() >= rate) return [word];
    switch (below(random, 3)) {
      case 0:
        return [];
      case 1:
        return [word, oneOf(random, vocabulary)];
      default:
        return [random() < 0.4 ? misspelt(random, word) : oneOf(random, vocabulary)];
    }
  });
}

function misspelt(random: Random, word: string): string {
  const at = below(random, word.length);
  return `${word.slice(0, at)}${oneOf(random, [...'aeioustr'])}${word.slice(at + 1)}`;
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
