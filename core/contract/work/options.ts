import * as z from 'zod/mini';
import {
  EMBEDDING_LIMITS,
  OPTION_LIMITS,
  QUESTION_LIMITS,
  SPEAKER_LIMITS,
  SPEECH_LIMITS,
  VOICE_LIMITS,
} from '../limits';
import {
  ANALYSIS_TASKS,
  CHANNEL_MODES,
  CORPUS_FORMATS,
  SPEAKER_RULES,
  SPEECH_FILE_FORMATS,
  SPOKEN_TASKS,
  SPOKEN_TEXT_FORMATS,
} from '../names';
import { text } from '../text';

const speakers = z.int().check(z.minimum(1), z.maximum(OPTION_LIMITS.speakers));
const language = text(OPTION_LIMITS.language);
const track = z.optional(z.int().check(z.minimum(1), z.maximum(OPTION_LIMITS.tracks)));

/** Options of a transcription. */
export const TranscriptionOptions = z.strictObject({
  /** ISO 639-1 code, such as `en`. @default - detected from the audio */
  language: z.optional(language),
  /**
   * ISO 639-1 codes of the languages to detect; excludes `language`. With several, the language of
   * each segment is detected. @default - one language for the recording, of all that the model
   * supports
   */
  languages: z.optional(z.array(language).check(z.minLength(1), z.maxLength(OPTION_LIMITS.languages))),
  /** `translate` returns English text for any spoken language. @default 'transcribe' */
  task: z.optional(z.enum(SPOKEN_TASKS)),
  /**
   * Number of the sound track, from 1 on. @default - the one marked as default, of those that are
   * not a commentary
   */
  track,
  /**
   * `separate` transcribes each channel by itself: each channel is one speaker. Excludes `diarize`.
   * @default 'mixed'
   */
  channels: z.optional(z.enum(CHANNEL_MODES)),
  /** Names and rare words to listen for. @default - none */
  hotwords: z.optional(text(OPTION_LIMITS.hotwords)),
  /** Text in the desired style, as if it preceded the recording. @default - none */
  prompt: z.optional(text(OPTION_LIMITS.prompt)),
  /** Whether to identify speakers. @default false */
  diarize: z.optional(z.boolean()),
  /** Exact number of speakers, with `diarize`; excludes the other two. @default - estimated */
  num_speakers: z.optional(speakers),
  /** Least number of speakers, with `diarize`. @default - estimated */
  min_speakers: z.optional(speakers),
  /** Greatest number of speakers, with `diarize`. @default - estimated */
  max_speakers: z.optional(speakers),
  /**
   * Rules of the speaker cleanup, with `diarize`; an empty list disables it. @default - every rule
   */
  speaker_cleanup: z.optional(z.array(z.enum(SPEAKER_RULES)).check(z.maxLength(SPEAKER_RULES.length))),
  /**
   * Names of the speakers, with `diarize`: by their voices if there are recordings of them,
   * otherwise in the order of their first words. @default - letters
   */
  known_speaker_names: z.optional(
    z.array(text(SPEAKER_LIMITS.name, 1)).check(z.maxLength(SPEAKER_LIMITS.names)),
  ),
});
export type TranscriptionOptions = z.infer<typeof TranscriptionOptions>;

/** What only a request for a job has: recordings are stored as objects of the job. */
const submitted = {
  /**
   * A recording of each of `known_speaker_names`, in the same order: data URLs, such as
   * `data:audio/wav;base64,…`. @default - none
   */
  known_speaker_references: z.optional(
    z.array(text(SPEAKER_LIMITS.reference)).check(z.maxLength(SPEAKER_LIMITS.references)),
  ),
  /**
   * Kept voices whose names the speakers get, instead of `known_speaker_names`: `all`, or names or
   * ids. @default - none
   */
  voices: z.optional(
    z.union([
      z.literal('all'),
      z.array(text(SPEAKER_LIMITS.name, 1)).check(z.minLength(1), z.maxLength(VOICE_LIMITS.chosen)),
    ]),
  ),
};

/** Options of a transcription in a request for a job. */
export const SubmittedTranscription = z.extend(TranscriptionOptions, submitted);
export type SubmittedTranscription = z.infer<typeof SubmittedTranscription>;

const question = text(QUESTION_LIMITS.length, 1);

/** Options of an analysis. */
export const AnalysisOptions = z.strictObject({
  /** @default - all but `chapters` and `highlights`, or none if there are questions or a schema */
  tasks: z.optional(
    z.array(z.enum(ANALYSIS_TASKS)).check(z.minLength(1), z.maxLength(ANALYSIS_TASKS.length)),
  ),
  /** The caller's own questions about the recording. @default - none */
  questions: z.optional(z.array(question).check(z.maxLength(QUESTION_LIMITS.count))),
  /**
   * ISO 639-1 code of the spoken language. The analysis is written in it. @default - that of the
   * transcription, or the language that the model hears
   */
  language: z.optional(language),
  /**
   * The caller's own JSON schema, of an object: what the recording contains of it is in `extracted`.
   * Its limits are `ANSWER_SCHEMA_LIMITS`. @default - none
   */
  schema: z.optional(z.record(z.string(), z.unknown())),
  /** Number of the sound track, from 1 on. @default - as for a transcription */
  track,
});
export type AnalysisOptions = z.infer<typeof AnalysisOptions>;

/** Options of an embedding. */
export const EmbeddingOptions = z.strictObject({
  /** Field of each JSON object, or column of the Parquet file, with the text. @default 'text' */
  column: z.optional(text(EMBEDDING_LIMITS.column, 1)),
  /** Field or column that identifies a row. It is copied to the result. @default 'id', if it exists */
  id_column: z.optional(text(EMBEDDING_LIMITS.column, 1)),
  /** Instruction for the model, such as "Represent the document for retrieval:". @default - none */
  instruction: z.optional(text(EMBEDDING_LIMITS.instruction)),
  /** Length of the vectors, if the model can shorten them. @default - the model's own */
  dimensions: z.optional(z.int().check(z.minimum(1), z.maximum(EMBEDDING_LIMITS.dimensions))),
  /** Format of the result. @default - that of the input */
  format: z.optional(z.enum(CORPUS_FORMATS)),
  /**
   * Whether texts longer than the model's limit are cut and counted. Otherwise their rows fail.
   * @default true
   */
  truncate: z.optional(z.boolean()),
});
export type EmbeddingOptions = z.infer<typeof EmbeddingOptions>;

/** Options of a speech. */
export const SpeechOptions = z.strictObject({
  /** @default - the first voice of the engine */
  voice: z.optional(text(SPEECH_LIMITS.voice, 1)),
  /** @default 1 */
  speed: z.optional(z.number().check(z.minimum(SPEECH_LIMITS.slowest), z.maximum(SPEECH_LIMITS.fastest))),
  /** ISO 639-1 code of the text's language, for a voice that speaks several. @default - that of the voice */
  language: z.optional(language),
  /** What the text is. @default - by its media type, or its content */
  text_format: z.optional(z.enum(SPOKEN_TEXT_FORMATS)),
  /** @default 'mp3' */
  format: z.optional(z.enum(SPEECH_FILE_FORMATS)),
  /**
   * Whether each chapter becomes a file, in addition to one audiobook (`m4b`) with chapter marks.
   *
   * @default false
   */
  chapters: z.optional(z.boolean()),
  /** Whether the loudness of the result is set to -16 LUFS. @default true */
  loudness: z.optional(z.boolean()),
});
export type SpeechOptions = z.infer<typeof SpeechOptions>;

/** Options of a job. */
export const JobOptions = z.extend(TranscriptionOptions, {
  /**
   * Options of the analysis, on paths that support it; `false` disables it. @default - every task
   */
  analysis: z.optional(z.union([z.literal(false), AnalysisOptions])),
});
export type JobOptions = z.infer<typeof JobOptions>;

/** Options in a request for a job. */
export const SubmittedOptions = z.extend(JobOptions, submitted);
export type SubmittedOptions = z.infer<typeof SubmittedOptions>;
