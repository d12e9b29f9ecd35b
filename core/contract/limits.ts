// Limits that several components share.

/** How long a looked-up key is cached. A revoked key is refused after this time at the latest. */
export const KEY_CACHE_SECONDS = 30;

/**
 * Idle timeout of the public load balancer. As long as OpenAI's clients wait: without streaming, a
 * client receives nothing until the whole result is ready.
 */
export const STREAMING_IDLE_SECONDS = 600;

/** Largest number of machines of a deployment, and the maximum size in every group's template. */
export const MOST_MACHINES = 5_000;

/** Timeout of the function that sizes the fleet, in seconds. */
export const SIZING_SECONDS = 20;

/** Longest time between two heartbeats of a worker, in seconds. */
export const HEARTBEAT_SECONDS = 60;

/** Failures after which a job is not tried again. */
export const MAX_FAILURES = 5;

/**
 * Receives of a message before it goes to the dead-letter queue, and losses after which a job is not
 * tried again: see `JobMessage`. More than failures, because a worker can be lost without a fault of
 * its jobs. But a job may also be what ends its workers.
 */
export const MAX_RECEIVES = 10;

/** Seconds from SIGTERM to exit. A spot interruption notice leaves 120 s. */
export const STOP_SECONDS = 110;

/**
 * Limits of `TranscriptionOptions`; lengths in characters. Whisper's decoder has a context of 224
 * tokens.
 */
export const OPTION_LIMITS = {
  language: 64,
  languages: 20,
  hotwords: 1000,
  prompt: 2000,
  speakers: 20,
  tracks: 100,
} as const;

/**
 * Limits of the speakers that a job knows; lengths in characters.
 *
 * - `names`: most recordings that a job compares its speakers with.
 * - `references`: most recordings in one request, each a data URL of at most `reference`. OpenAI
 *   takes four recordings of 2 to 10 s. 10 s of uncompressed stereo at 48 kHz have 2.5 MB in base64.
 */
export const SPEAKER_LIMITS = { name: 100, names: 50, references: 10, reference: 3 << 20 } as const;

/**
 * Limits of the voices that a tenant keeps; lengths in characters. `chosen`: most that a request
 * names. A job may use `all` of them, so there are at most as many as a job may know.
 */
export const VOICE_LIMITS = { voices: SPEAKER_LIMITS.names, chosen: 10, consent: 500 } as const;

/** Limits of the questions of an analysis; lengths in characters. */
export const QUESTION_LIMITS = { count: 10, length: 500 } as const;

/**
 * Limits of the JSON schemas that callers send for answers; lengths in characters. A value is a
 * property, an entry of a list, or what contains them.
 */
export const ANSWER_SCHEMA_LIMITS = {
  bytes: 16_384,
  depth: 5,
  values: 60,
  name: 64,
  description: 500,
  enum: 50,
  enumText: 100,
  items: 50,
  text: 2000,
  number: 1e15,
} as const;

/**
 * Most bytes of findings in the checkpoint of an analysis. Ten hours have about 2 MB. What is found
 * beyond that is found again by the next attempt.
 */
export const MOST_FINDING_BYTES = 16 << 20;

/**
 * Limits of `EmbeddingOptions`; lengths in characters. No published model has more than 8,192
 * dimensions.
 */
export const EMBEDDING_LIMITS = { column: 200, instruction: 1000, dimensions: 8192 } as const;

/** Most failed rows that the result of an embedding lists. All of them are counted. */
export const MOST_ROW_FAILURES = 1000;

/**
 * Limits of `SpeechOptions`; lengths in characters. The speeds are those of OpenAI's API, and so is
 * `inPlace`: a longer text that comes through the API becomes a job.
 */
export const SPEECH_LIMITS = { voice: 100, slowest: 0.25, fastest: 4, inPlace: 4096 } as const;

/**
 * Most parts of an upload. Each part has a URL of up to 2 KB, so all of them are far below the 6 MB
 * of an answer.
 */
export const MOST_PARTS = 200;
