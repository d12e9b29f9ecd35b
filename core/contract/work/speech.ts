import * as z from 'zod/mini';
import { SPEECH_FILE_FORMATS } from '../names';
import { SpeechOptions } from './options';
import { Count, Degradation, Fraction, JobError, Seconds, SharedPath } from '../values';

/** What the speech of a text is made with. All parts of a result have the same. */
export const SpeechSource = z.object({
  engine: z.object({ name: z.string(), model: z.string() }),
  voice: z.string(),
  /** ISO 639-1 code of the spoken language. */
  language: z.string(),
  /** Samples per second. */
  sample_rate: Count,
  /** SHA-256 of the sentences to speak, in hex. An earlier attempt counts only if it is the same. */
  plan: z.string(),
});
export type SpeechSource = z.infer<typeof SpeechSource>;

/** What was spoken so far. */
export const SpeechTotals = z.object({
  sentences: Count,
  /** Characters of the text (Unicode code points). */
  characters: Count,
  /** Duration of the speech, pauses included. */
  seconds: Seconds,
});
export type SpeechTotals = z.infer<typeof SpeechTotals>;

/** JSON body of `POST /synthesize` for a text on the shared volume. */
export const SynthesizeRequest = z.extend(SpeechOptions, {
  path: SharedPath,
  /** Media type of the file. @default - found from its content */
  media_type: z.optional(z.string()),
  /** What an earlier attempt did: its sentences are skipped. */
  earlier: z.optional(
    z.extend(SpeechSource, {
      totals: SpeechTotals,
      /** FLAC files on the shared volume with the sentences, in order. */
      parts: z.array(SharedPath),
    }),
  ),
});
export type SynthesizeRequest = z.infer<typeof SynthesizeRequest>;

/** A chapter. A text without chapters has one, without a title. */
export const SpeechChapter = z.object({
  title: z.optional(z.string()),
  /** Seconds from the start of the whole speech. */
  start: Seconds,
  end: Seconds,
});
export type SpeechChapter = z.infer<typeof SpeechChapter>;

/** Such as `speech.mp3`, `chapter-001.mp3` or `speech.m4b`. */
export const SPEECH_FILE = new RegExp(`^[a-z]+(-\\d+)?\\.(${SPEECH_FILE_FORMATS.join('|')})$`);

const madeFile = {
  name: z.string().check(z.regex(SPEECH_FILE)),
  bytes: Count,
  seconds: Seconds,
  /** Number of the chapter, from 1. @default - the whole text */
  chapter: z.optional(Count),
};

/** A line of the NDJSON response of `POST /synthesize`. */
export const SynthesizeEvent = z.discriminatedUnion('type', [
  z.extend(SpeechSource, { type: z.literal('started') }),
  /** Some whole sentences as a FLAC file. An interrupted job can resume behind it. */
  z.object({
    type: z.literal('part'),
    /** The file, in base64. */
    data: z.string(),
    /** Including this part. */
    totals: SpeechTotals,
    progress: Fraction,
  }),
  /** All sentences are spoken, and the files are being made. */
  z.object({ type: z.literal('making'), progress: Fraction }),
  /** A piece of a finished file, in base64. The pieces of a file are sent in order, one file after another. */
  z.object({ type: z.literal('piece'), name: madeFile.name, data: z.string() }),
  /** The last line of a success. */
  z.extend(SpeechSource, {
    type: z.literal('result'),
    totals: SpeechTotals,
    chapters: z.array(SpeechChapter),
    files: z.array(z.object(madeFile)),
    degraded: z.array(Degradation),
  }),
  /** The last line of a failure. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type SynthesizeEvent = z.infer<typeof SynthesizeEvent>;

/** A stored result of a speech. */
export const Speech = z.extend(z.extend(SpeechSource, SpeechTotals.shape), {
  version: z.literal(1),
  chapters: z.array(SpeechChapter),
  /** Their keys follow from the attempt and the name: see `KEY.file`. */
  files: z.array(z.object({ ...madeFile, attempt: Count })),
  degraded: z.array(Degradation),
});
export type Speech = z.infer<typeof Speech>;

/** What an interrupted job has of its speech. */
export const SpeechCheckpoint = z.extend(SpeechSource, {
  totals: SpeechTotals,
  /** The attempt that wrote each part. Its key follows from its place in the list: see `KEY.part`. */
  parts: z.array(Count),
});
export type SpeechCheckpoint = z.infer<typeof SpeechCheckpoint>;

/** The result of a speech as `GET /v1/jobs/{id}/speech` shows it. */
export const SpeechView = z.extend(Speech, {
  files: z.array(
    z.object({
      ...madeFile,
      /** Path of the request that redirects to the file. */
      path: z.string(),
    }),
  ),
});
export type SpeechView = z.infer<typeof SpeechView>;
