import { spaceBetween } from '../../core/forms/languages';
import type { Segment, Transcript, Word } from '../../core/contract/work/transcript';
import { Random } from './random';
import { randomWord, type Script, SCRIPTS } from './random-words';
import type { Given } from './renderings';

const NAMES = [
  'A',
  'B',
  'SPEAKER_00',
  'Dr. Okafor',
  '田中さん',
  'شيماء',
  'Zoe\u0308',
  '<i>Eve</i>',
  'R&D',
  '🦊',
  '',
];
const ODD_NAMES = [' ', ' Ann ', 'Ann\nBob', '\u200b', 'Count '.repeat(12).trim()];

/** How disorderly a transcript is. */
interface Mood {
  script: Script;
  speakers: readonly (string | undefined)[];
  /** Whether people speak at once. */
  together: boolean;
  /** Whether times are out of order, and texts other than their words: the contract does not forbid it. */
  wild: boolean;
  /** Seconds a word. */
  pace: number;
  exact: boolean;
}

/**
 * A transcript in two layouts: the common one, and any. It is what the contract allows, but for a language that is not known:
 * the whisper service always knows it.
 */
export function randomGiven(seed: number): [Given, Given] {
  const random = new Random(seed);
  const transcript = randomTranscript(random);
  return [
    { layout: { max_line_width: 42, max_line_count: 2, highlight_words: false }, transcript },
    {
      layout: {
        max_line_width: random.chance(0.5) ? random.integer(8, 40) : random.integer(8, 200),
        max_line_count: random.integer(1, 4),
        highlight_words: random.chance(0.4),
      },
      granularities: random.one([['word'], ['word', 'segment']]),
      languages: true,
      transcript,
    },
  ];
}

function randomTranscript(random: Random): Transcript {
  const script = random.one(SCRIPTS);
  const mood: Mood = {
    script,
    speakers: speakers(random),
    together: random.chance(0.3),
    wild: random.chance(0.1),
    pace: random.one([0.05, 0.2, 0.4, 1]),
    exact: random.chance(0.2),
  };
  const language = random.one(script.languages);
  const others = random.chance(0.3) ? [language, 'en', 'ja', 'zh'] : [undefined];
  const segments = randomSegments(random, mood).map((segment) => {
    const own = random.one(others);
    return { ...segment, ...(own !== undefined && { language: own }) };
  });
  const end = segments.reduce((most, segment) => Math.max(most, segment.end), 0);
  return {
    version: 1,
    engine: { name: 'whisperx', model: 'large-v3-turbo' },
    language,
    task: random.one([undefined, undefined, 'transcribe', 'translate'] as const),
    // Where the audio ends before the words, it may end long before.
    duration: random.chance(0.3)
      ? seconds(random, mood, end * random.next())
      : end + random.one([0, 0.5, 60]),
    text: textOfAll(segments, language),
    segments,
    degraded: random.chance(0.8)
      ? []
      : [{ stage: 'alignment', reason: `No model for “${script.languages[0]}”.` }],
  };
}

function textOfAll(segments: readonly Segment[], main: string): string {
  const spoken = segments.map(({ language }) => language ?? main);
  return segments
    .map(({ text }, at) => `${at === 0 ? '' : spaceBetween(spoken[at - 1], spoken[at]!)}${text}`)
    .join('');
}

function speakers(random: Random): (string | undefined)[] {
  const some = Array.from({ length: random.integer(1, 20) }, () =>
    random.one(random.chance(0.1) ? ODD_NAMES : NAMES),
  );
  return random.one([[undefined], some, some.slice(0, 2), [...some.slice(0, 3), undefined]]);
}

function randomSegments(random: Random, mood: Mood): Segment[] {
  let at = random.one([
    0,
    0,
    random.between(0, 5),
    random.between(3500, 3700),
    random.between(350_000, 400_000),
  ]);
  let speaker = random.one(mood.speakers);
  return Array.from({ length: random.one([0, 1, 2, 3, 5, 8, 13]) }, (_, id): Segment => {
    if (mood.together) at = Math.max(0, at - random.between(0, 3));
    at += random.one([0, 0, 0.02, 0.5, 3]);
    const words = randomWords(random, mood, at);
    const last = words.reduce((most, { end }) => Math.max(most, end), at);
    const start = seconds(random, mood, at);
    if (random.chance(0.4)) speaker = random.one(mood.speakers);
    const segment = {
      id,
      start,
      end: Math.max(start, seconds(random, mood, last)),
      text: textOf(random, mood, words),
      // Where the aligner had no model there are none.
      words: random.chance(0.1) ? [] : words,
      ...(speaker !== undefined && { speaker }),
      ...(random.chance(0.7) && { avg_logprob: -random.next() * random.one([1, 1e-7]) }),
      ...(random.chance(0.7) && { no_speech_prob: random.one([0, 1, random.next(), random.next() * 1e-12]) }),
    };
    at = last;
    return segment;
  });
}

function randomWords(random: Random, mood: Mood, from: number): Word[] {
  let at = from;
  const words = Array.from({ length: random.one([0, 1, 1, 2, 5, 9, 14, 25]) }, (): Word => {
    if (random.chance(0.2)) at += random.one([0, 0.001, 0.3, 0.799, 0.8, 2, 9]);
    const start = seconds(random, mood, mood.wild && random.chance(0.2) ? at * random.next() : at);
    at += random.chance(0.1) ? random.one([0, 0, 8, 30]) : random.next() * mood.pace;
    const end = Math.max(seconds(random, mood, at), mood.wild ? 0 : start);
    return {
      word: randomWord(random, mood.script),
      start,
      end,
      ...(random.chance(0.8) && { score: random.next() }),
      ...(random.chance(0.2) && { interpolated: random.chance(0.8) }),
    };
  });
  return words;
}

/** The words as a text, mostly; a wild one is another. */
function textOf(random: Random, { script, wild }: Mood, words: readonly Word[]): string {
  if (wild && random.chance(0.3)) return random.one(['', ' ', 'something else', `${words[0]?.word ?? ''}!`]);
  const between = random.chance(0.05) ? random.one(['  ', '\u3000', '\u00a0', '']) : script.between;
  // Long enough, a text repeats itself.
  const text = words.map(({ word }) => word).join(between);
  return random.chance(0.03) ? text.repeat(random.integer(2, 30)) : text;
}

/** Milliseconds as aligners have them, or whatever else a number may be. */
const seconds = (random: Random, { exact }: Mood, value: number) =>
  exact ? value : roundedTo(value, random.one([1000, 1000, 50, 16]));

const roundedTo = (value: number, parts: number) => Math.round(value * parts) / parts;
