// Fixed sets of values. This file has no schemas, so that importing a list loads nothing else.

export const JOB_STATUSES = [
  'awaiting_upload',
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Statuses of ended jobs. Only `succeeded` can change again, if missing tasks are retried. */
const FINAL_STATUSES = ['succeeded', 'failed', 'cancelled', 'expired'] as const satisfies JobStatus[];

/** Whether a job with this status has ended. */
export const isFinal = (status: JobStatus): boolean =>
  (FINAL_STATUSES as readonly JobStatus[]).includes(status);

/** What a job can do with its input. `custom` is done by a user's own service. */
export const TASK_NAMES = ['transcription', 'analysis', 'embedding', 'speech', 'custom'] as const;
export type TaskName = (typeof TASK_NAMES)[number];

/** Units in which tasks measure their work. `item`: one input, whatever its size. */
export const UNITS = ['audio_second', 'token', 'character', 'item'] as const;
export type Unit = (typeof UNITS)[number];

/** The stages of each task. */
export const TASK_STAGES = {
  transcription: ['transcript', 'diarization'],
  analysis: ['analysis'],
  embedding: ['embedding'],
  speech: ['speech'],
  custom: ['custom'],
} as const satisfies Record<TaskName, readonly string[]>;

/** The part of the diarization that names speakers by their voices, in `degraded`. */
export const KNOWN_SPEAKERS = 'known_speakers';

/** The stages of a job, sequential or concurrent. */
export type Stage = (typeof TASK_STAGES)[TaskName][number];
export const STAGES: readonly Stage[] = Object.values(TASK_STAGES).flat();

export const STAGE_STATES = ['waiting', 'running', 'succeeded', 'failed', 'skipped'] as const;
export type StageState = (typeof STAGE_STATES)[number];

/** Stable error codes of the API. */
export const ERROR_CODES = [
  'invalid_request',
  'unauthorized',
  'forbidden',
  'not_found',
  'not_ready',
  'idempotency_conflict',
  'unsupported_media_type',
  'bad_audio',
  'audio_too_long',
  'upload_too_large',
  'source_not_found',
  'source_forbidden',
  'upload_expired',
  'attempts_exhausted',
  'model_missing',
  'model_not_found',
  'busy',
  'quota_exceeded',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Codes of errors in the request: such a job fails at once and is never retried. */
export const PERMANENT_CODES = [
  'invalid_request',
  'unsupported_media_type',
  'bad_audio',
  'audio_too_long',
  'upload_too_large',
  'source_not_found',
  'source_forbidden',
  'model_not_found',
] as const satisfies ErrorCode[];
export type PermanentCode = (typeof PERMANENT_CODES)[number];

/** The rules of the speaker cleanup, in the order in which they are applied. */
export const SPEAKER_RULES = ['short_turns', 'interjections', 'minor_speakers'] as const;
export type SpeakerRule = (typeof SPEAKER_RULES)[number];

/**
 * The tasks of an analysis, in addition to the caller's own questions. The service decides which ones it does
 * if a request names none: all but the last two.
 */
export const ANALYSIS_TASKS = [
  'summary',
  'topics',
  'action_items',
  'questions',
  'sentiment',
  'entities',
  'chapters',
  'highlights',
] as const;
export type AnalysisTask = (typeof ANALYSIS_TASKS)[number];

/** Whose transcript an analysis was checked against: that of the same model, or of another one. */
export const EVIDENCE_SOURCES = ['self', 'other'] as const;
export const SENTIMENTS = ['positive', 'neutral', 'negative', 'mixed'] as const;
export const ENTITY_TYPES = [
  'person',
  'organization',
  'place',
  'product',
  'date',
  'amount',
  'other',
] as const;

/** Formats of `GET /v1/jobs/{id}/transcript?format=…`. The last two are formats of OpenAI's API. */
export const TRANSCRIPT_FORMATS = ['json', 'txt', 'srt', 'vtt', 'verbose_json', 'diarized_json'] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

/** File extensions of the formats. */
export const FORMAT_ENDING: Record<TranscriptFormat, string> = {
  json: 'json',
  txt: 'txt',
  srt: 'srt',
  vtt: 'vtt',
  verbose_json: 'verbose.json',
  diarized_json: 'diarized.json',
};

/** The format with a name, if any. OpenAI's API calls `txt` `text`. */
export const formatNamed = (name: string): TranscriptFormat | undefined =>
  TRANSCRIPT_FORMATS.find((format) => format === (name === 'text' ? 'txt' : name));

/**
 * Formats of `GET /v1/jobs/{id}/analysis?format=…`. The last two are its chapters: JSON of Podcasting 2.0, and
 * WebVTT.
 */
export const ANALYSIS_FORMATS = ['json', 'chapters', 'chapters_vtt'] as const;
export type AnalysisFormat = (typeof ANALYSIS_FORMATS)[number];
export type ChapterFormat = Exclude<AnalysisFormat, 'json'>;

/** File extensions of these formats. */
export const ANALYSIS_ENDING: Record<AnalysisFormat, string> = {
  json: 'analysis.json',
  chapters: 'chapters.json',
  chapters_vtt: 'chapters.vtt',
};

/** OpenAI's and Whisper's names of what a transcription returns. */
export const SPOKEN_TASKS = ['transcribe', 'translate'] as const;

/** What becomes of the channels of a recording: see `TranscriptionOptions`. */
export const CHANNEL_MODES = ['mixed', 'separate'] as const;

/** Formats of a corpus of texts: one JSON value per line, or an Apache Parquet file. */
export const CORPUS_FORMATS = ['jsonl', 'parquet'] as const;
export type CorpusFormat = (typeof CORPUS_FORMATS)[number];

/** Formats of speech, as OpenAI's API names them. `pcm`: 16-bit samples, little-endian, one channel. */
export const SPEECH_FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const;
export type SpeechFormat = (typeof SPEECH_FORMATS)[number];

/** Formats of a job's speech. `m4b`: an audiobook with chapter marks. */
export const SPEECH_FILE_FORMATS = [...SPEECH_FORMATS, 'm4b'] as const;
export type SpeechFileFormat = (typeof SPEECH_FILE_FORMATS)[number];

/** Formats of the parts in which a task stores its work. */
export type PartFormat = CorpusFormat | 'flac';

/** Formats of a text to speak. */
export const SPOKEN_TEXT_FORMATS = ['text', 'markdown', 'ssml', 'epub'] as const;

/** Purchase options of a machine; `local` is a laptop. */
export const CAPACITIES = ['spot', 'on-demand', 'local'] as const;

/** Priorities of jobs. `bulk` jobs wait while normal ones wait. */
export const PRIORITIES = ['normal', 'bulk'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Where a job came from. */
export const ORIGINS = ['api', 'inbox'] as const;

/** Keywords of the JSON schemas that callers send for answers, by type; `''` has those of every type. */
export const ANSWER_SCHEMA_KEYWORDS = {
  '': ['type', 'title', 'description', 'default', 'examples'],
  string: ['enum', 'minLength', 'maxLength'],
  number: ['enum', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  integer: ['enum', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  boolean: [],
  array: ['items', 'minItems', 'maxItems'],
  object: ['properties', 'required', 'additionalProperties'],
} as const;
