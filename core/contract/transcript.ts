import * as z from 'zod/mini';
import { SPEAKER_RULES, TASKS, TRANSCRIBING_ENGINES } from './names';
import { Count, Degradation, Seconds } from './values';

// Times are in seconds from the start of the audio.

export const Word = z.object({
  word: z.string(),
  start: Seconds,
  end: Seconds,
  /** Confidence 0–1, where the engine gives one. */
  score: z.optional(z.number()),
  /** The aligner gave no times for this word: they were interpolated from its neighbours. */
  interpolated: z.optional(z.boolean()),
});
export type Word = z.infer<typeof Word>;

/** A piece of speech. */
export const Segment = z.object({
  id: Count,
  start: Seconds,
  end: Seconds,
  text: z.string(),
  words: z.array(Word),
  /** Who spoke, with diarization; a segment never holds two speakers' words. */
  speaker: z.optional(z.string()),
  /** Mean of the logarithms of its tokens' probabilities, where the engine gives one. */
  avg_logprob: z.optional(z.number()),
  /** Probability that there is no speech in it, 0–1, where the engine gives one. */
  no_speech_prob: z.optional(z.number()),
});
export type Segment = z.infer<typeof Segment>;

/** A stretch of audio in which one speaker holds the floor. */
export const SpeakerTurn = z.object({ start: Seconds, end: Seconds, speaker: z.string() });
export type SpeakerTurn = z.infer<typeof SpeakerTurn>;

/** What the cleanup gave to another speaker, and by which rule. */
export const SpeakerMerge = z.object({
  rule: z.enum(SPEAKER_RULES),
  start: Seconds,
  end: Seconds,
  from: z.string(),
  to: z.string(),
  /** What was said in it, where the rule went by the words. */
  text: z.optional(z.string()),
});
export type SpeakerMerge = z.infer<typeof SpeakerMerge>;

/** Who spoke when. */
export const Diarization = z.object({
  /** Name of the diarization model. */
  model: z.string(),
  /** In the order of their first words. */
  speakers: z.array(z.string()),
  /** After the cleanup: ascending, not overlapping. */
  turns: z.array(SpeakerTurn),
  /** As the model said, with the same names. */
  raw_turns: z.array(SpeakerTurn),
  merges: z.array(SpeakerMerge),
});
export type Diarization = z.infer<typeof Diarization>;

/** The result of a transcription. */
export const Transcript = z.object({
  version: z.literal(1),
  engine: z.object({ name: z.enum(TRANSCRIBING_ENGINES), model: z.string() }),
  /** Of the text: `en` for a translation, which is into English. */
  language: z.string(),
  /** @default 'transcribe' */
  task: z.optional(z.enum(TASKS)),
  /** Length of the audio. */
  duration: Seconds,
  text: z.string(),
  segments: z.array(Segment),
  /** Present if diarization was asked for and succeeded. */
  diarization: z.optional(Diarization),
  degraded: z.array(Degradation),
});
export type Transcript = z.infer<typeof Transcript>;

/** What an interrupted job has so far, as JSON in the media bucket. */
export const Checkpoint = z
  .object({
    /** Up to which `segments` is complete. */
    end: Seconds,
    segments: z.array(Segment),
    /** What they lack. @default - nothing */
    degraded: z.optional(z.array(Degradation)),
    /** Time that machines have spent on the job so far. */
    processing_seconds: Seconds,
  })
  .check(
    z.refine(
      ({ segments }) => segments.every(({ start, end }) => start <= end),
      'a segment ends before it starts',
    ),
    z.refine(
      ({ segments }) => segments.every(({ start }, i) => i === 0 || segments[i - 1]!.start <= start),
      'segments are out of order',
    ),
    z.refine(
      ({ segments, end }) => segments.every(({ start }) => start <= end),
      'a segment starts behind its end',
    ),
  );
export type Checkpoint = z.infer<typeof Checkpoint>;
