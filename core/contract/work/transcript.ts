import * as z from 'zod/mini';
import { AnalysisCheckpoint } from './analysis';
import { EmbeddingCheckpoint } from './embedding';
import { SpeechCheckpoint } from './speech';
import { SPEAKER_RULES, SPOKEN_TASKS } from '../names';
import { Count, Degradation, Seconds, SoundTrack } from '../values';

// Times are in seconds from the start of the audio.

export const Word = z.object({
  word: z.string(),
  start: Seconds,
  end: Seconds,
  /** Confidence 0–1, if the engine provides it. */
  score: z.optional(z.number()),
  /** The aligner returned no times for this word: they are interpolated from its neighbours. */
  interpolated: z.optional(z.boolean()),
});
export type Word = z.infer<typeof Word>;

/** A segment of speech. */
export const Segment = z.object({
  id: Count,
  start: Seconds,
  end: Seconds,
  text: z.string(),
  /**
   * ISO 639-1 code of the text's language, if the transcript has several. The events of a
   * transcription with several `languages` always have it.
   */
  language: z.optional(z.string()),
  words: z.array(Word),
  /**
   * The speaker, with diarization or separate channels. All words of a segment have the same
   * speaker.
   */
  speaker: z.optional(z.string()),
  /**
   * Number of the speaker's channel, from 1 on, with separate channels. Segments of different
   * channels may overlap.
   */
  channel: z.optional(z.int().check(z.minimum(1))),
  /** Mean log probability of its tokens, if the engine provides it. */
  avg_logprob: z.optional(z.number()),
  /** Probability 0–1 that it contains no speech, if the engine provides it. */
  no_speech_prob: z.optional(z.number()),
});
export type Segment = z.infer<typeof Segment>;

/** A stretch of audio with one speaker. */
export const SpeakerTurn = z.object({ start: Seconds, end: Seconds, speaker: z.string() });
export type SpeakerTurn = z.infer<typeof SpeakerTurn>;

/** A stretch that the cleanup assigned to another speaker, and the rule that did so. */
export const SpeakerMerge = z.object({
  rule: z.enum(SPEAKER_RULES),
  start: Seconds,
  end: Seconds,
  from: z.string(),
  to: z.string(),
  /** The words, if the rule depends on them. */
  text: z.optional(z.string()),
});
export type SpeakerMerge = z.infer<typeof SpeakerMerge>;

/** The speakers of a recording and their turns. */
export const Diarization = z.object({
  /**
   * Name of the diarization engine: `campplus` (weights for everybody) or `pyannote` (the community
   * pipeline, which requires a token), or `channels` if each channel is a speaker. Missing in
   * transcripts of earlier versions.
   */
  engine: z.optional(z.string()),
  /** Name of the diarization model. `channels` for separate channels, which need no model. */
  model: z.string(),
  /** In the order of their first words. */
  speakers: z.array(z.string()),
  /**
   * Turns after the cleanup, in ascending order of their starts. Only turns of the engine
   * `channels` may overlap.
   */
  turns: z.array(SpeakerTurn),
  /** Turns as the model returned them, with the same speaker names. */
  raw_turns: z.array(SpeakerTurn),
  merges: z.array(SpeakerMerge),
});
export type Diarization = z.infer<typeof Diarization>;

/** The result of a transcription. */
export const Transcript = z.object({
  version: z.literal(1),
  engine: z.object({ name: z.string(), model: z.string() }),
  /**
   * Language of the text: always `en` for a translation. Of several languages, the one with the
   * most speech.
   */
  language: z.string(),
  /** @default 'transcribe' */
  task: z.optional(z.enum(SPOKEN_TASKS)),
  /** Length of the audio. */
  duration: Seconds,
  /** Present if the file has several sound tracks. */
  track: z.optional(SoundTrack),
  text: z.string(),
  segments: z.array(Segment),
  /** Present if diarization or separate channels were requested, and there are speakers. */
  diarization: z.optional(Diarization),
  degraded: z.array(Degradation),
});
export type Transcript = z.infer<typeof Transcript>;

/** Partial result of an interrupted job, as JSON in the media bucket. */
export const Checkpoint = z
  .object({
    /** Time up to which `segments` is complete. */
    end: Seconds,
    segments: z.array(Segment),
    /** Missing stages of these segments. @default - none */
    degraded: z.optional(z.array(Degradation)),
    /** The analysis so far, if the job has one. */
    analysis: z.optional(AnalysisCheckpoint),
    /** The embedding so far, if the job has one. */
    embedding: z.optional(EmbeddingCheckpoint),
    /** The speech so far, if the job has one. */
    speech: z.optional(SpeechCheckpoint),
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
