import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Transcript } from '../../core/contract/work/transcript';
import { type TranscriptFormat, FORMAT_ENDING } from '../../core/contract/names';
import { FORMAT } from '../../core/formats/formats';
import corpus from '../fixtures/search/corpus.json';
import { Random } from './random';

const FORMATS: TranscriptFormat[] = ['json', 'verbose_json', 'diarized_json', 'vtt', 'srt'];

type Topic = (typeof corpus.topics)[number];

/** A question and the only sentence of the corpus that answers it. */
export interface KnownAnswer {
  question: string;
  answer: string;
  /** The sentence before the answer. */
  lead: string;
  /** `context`: the answer makes sense only with the sentence before it; `keyword`: it has a rare name or word. */
  kind: string;
  /** File, relative to the folder. */
  path: string;
}

export interface CorpusOptions {
  /** @default 200 */
  transcripts?: number;
  /** Sentences in each transcript. @default 40 */
  sentences?: number;
  /** @default 7 */
  seed?: number;
  /** Whether there are sentences with the words of a question that do not answer it. @default true */
  decoys?: boolean;
}

export interface SearchCorpus {
  /** Files by path. */
  files: Map<string, string>;
  known: KnownAnswer[];
}

/**
 * Transcripts of conversations about twenty topics, put together by chance of written sentences. In twenty of them, three written sentences answer a question
 * that is phrased in other words; in twenty others, a decoy has words of the question, but another meaning.
 */
export function searchCorpus({
  transcripts = 200,
  sentences = 40,
  seed = 7,
  decoys = true,
}: CorpusOptions = {}): SearchCorpus {
  const random = new Random(seed);
  const files = new Map<string, string>();
  const known: KnownAnswer[] = [];
  for (let number = 0; number < transcripts; number++) {
    const topic = corpus.topics[number % corpus.topics.length]!;
    const texts = Array.from({ length: sentences }, () => sentence(topic, random));
    const format = FORMATS[number % FORMATS.length]!;
    const path = `${topic.name.replace(' ', '-')}/talk-${number}.${FORMAT_ENDING[format]}`;
    const asked = corpus.questions[number % corpus.topics.length]!;
    if (asked.topic !== topic.name) throw new Error(`The question about ${topic.name} is out of order`);
    const place = 5 + random.integer(0, sentences - 11);
    if (number < corpus.questions.length) {
      texts.splice(place - 1, 3, asked.lead, asked.answer, asked.follow);
      known.push({ ...asked, path });
    } else if (decoys && number < 2 * corpus.questions.length) texts[place] = asked.decoy;
    files.set(path, FORMAT[format].render(transcript(texts)));
  }
  return { files, known };
}

/** Conversations stray from their topic, and much of them is small talk. */
function sentence({ statements }: Topic, random: Random): string {
  const share = random.next();
  if (share < 0.12) return random.one(corpus.fillers);
  if (share < 0.3) return random.one(corpus.small_talk);
  const text = random.one(share < 0.75 ? statements : random.one(corpus.topics).statements);
  const beginning = random.one(corpus.beginnings);
  return beginning === '' || /^I\b/.test(text)
    ? beginning + text
    : beginning + text[0]!.toLowerCase() + text.slice(1);
}

/** Sentences of two speakers in turns of one to three sentences, five seconds each. */
export function transcript(texts: readonly string[]): Transcript {
  const segments = texts.map((text, index) => {
    const start = index * 5;
    const words = text.split(' ').map((word, place, all) => ({
      word,
      start: start + (place * 4) / all.length,
      end: start + ((place + 1) * 4) / all.length,
    }));
    const speaker = `SPEAKER_0${Math.floor(index / 2) % 2}`;
    return { id: index, start, end: start + 4, text, words, speaker };
  });
  return {
    version: 1,
    engine: { name: 'whisperx', model: 'large-v3' },
    language: 'en',
    duration: texts.length * 5,
    text: texts.join(' '),
    segments,
    degraded: [],
  };
}

/** Writes files with their folders. */
export async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
