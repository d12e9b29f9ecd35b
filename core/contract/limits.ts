// Numbers that more than one side must know.

/** For how long a key that was looked up is taken for what it was then: a revoked one is refused within this time. */
export const KEY_CACHE_SECONDS = 30;

/**
 * Longest silence of an answer that streams before the public load balancer gives it up. As long as OpenAI's clients wait:
 * one that wants no events hears nothing until all is done.
 */
export const STREAMING_IDLE_SECONDS = 600;

/** Largest number of machines of a deployment, and the largest size in every group's template. */
export const MOST_MACHINES = 100;

/** Time after which a run of the function that sizes the fleet is stopped, in seconds. */
export const SIZING_SECONDS = 20;

/** Longest time between two heartbeats of a worker, in seconds. */
export const HEARTBEAT_SECONDS = 60;

/** How often a message is received before it goes to the dead-letter queue. */
export const MAX_RECEIVES = 5;

/** Seconds from SIGTERM to exit, below the 120 s that a spot notice leaves. */
export const STOP_SECONDS = 110;

/** Bounds of `TranscriptionOptions`; lengths in characters. Whisper's decoder takes 224 tokens of context. */
export const OPTION_LIMITS = {
  language: 64,
  languages: 20,
  hotwords: 1000,
  prompt: 2000,
  speakers: 20,
} as const;

/** Bounds of an analysis' own questions; lengths in characters. */
export const QUESTION_LIMITS = { count: 10, length: 500 } as const;

/** Most parts of an upload. Each has its own address of up to 2 KB: this many fit many times into an answer of 6 MB. */
export const MOST_PARTS = 200;
