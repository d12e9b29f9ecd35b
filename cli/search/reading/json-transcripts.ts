import * as z from 'zod/mini';
import type { Stretch } from '../../../core/formats/sentences';

const Words = z.array(
  z.object({ word: z.string(), start: z.optional(z.unknown()), end: z.optional(z.unknown()) }),
);

/**
 * What the formats `json`, `verbose_json` and `diarized_json` have in common, and files of Whisper and WhisperX too.
 * Whatever else a file contains is ignored.
 */
const Segments = z.object({
  segments: z.array(
    z.object({
      text: z.string(),
      start: z.optional(z.unknown()),
      end: z.optional(z.unknown()),
      speaker: z.optional(z.unknown()),
      words: z.optional(Words),
    }),
  ),
});

/** `verbose_json` with words only. */
const TextWithWords = z.object({ text: z.string(), words: Words });

/** OpenAI's format `json`. Strict, because many other JSON files have a field `text`. */
const Text = z.strictObject({
  text: z.string(),
  ...Object.fromEntries(
    ['task', 'duration', 'language', 'languages', 'usage', 'logprobs', 'degraded'].map((name) => [
      name,
      z.optional(z.unknown()),
    ]),
  ),
});

/** The name that `diarized_json` gives to an unknown speaker. */
const NOBODY = 'unknown';

/** Reads a transcript in JSON. @returns undefined if it is none */
export function jsonStretches(text: string): Stretch[] | undefined {
  const content = parsed(text);
  const segmented = z.safeParse(Segments, content);
  if (segmented.success) {
    return segmented.data.segments.map((segment) => ({
      text: segment.text,
      ...times(segment),
      speaker: speakerOf(segment.speaker),
      words: timed(segment.words ?? []),
    }));
  }
  const worded = z.safeParse(TextWithWords, content);
  if (worded.success) return [{ text: worded.data.text, words: timed(worded.data.words) }];
  const plain = z.safeParse(Text, content);
  return plain.success ? [{ text: plain.data.text }] : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function speakerOf(speaker: unknown): string | undefined {
  const name = typeof speaker === 'string' ? speaker.trim() : '';
  return name === '' || name === NOBODY ? undefined : name;
}

/** Both times, if they are valid. */
function times({ start, end }: { start?: unknown; end?: unknown }): { start?: number; end?: number } {
  return isTime(start) && isTime(end) && start <= end ? { start, end } : {};
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && Number.isFinite(value);

const timed = (words: z.infer<typeof Words>) =>
  words.flatMap((each) => {
    const { start, end } = times(each);
    return start === undefined || end === undefined ? [] : [{ word: each.word, start, end }];
  });
