import { z } from 'zod';
import {
  type Checkpoint,
  type Diarization,
  ERROR_CODES,
  type ErrorBody,
  type Segment,
  SPEAKER_RULES,
  type TranscribeEvent,
  type Transcript,
} from '../../../../core/contract/contract';

// The shapes of the contract that come from outside this process, to be checked when they arrive.

export const time = z.number().nonnegative();
export const error = z.object({ code: z.enum(ERROR_CODES), message: z.string() });

const word = z.object({
  word: z.string(),
  start: time,
  end: time,
  score: z.number().optional(),
  interpolated: z.boolean().optional(),
});

const segment = z.object({
  id: z.number().int().nonnegative(),
  start: time,
  end: time,
  text: z.string(),
  words: z.array(word),
  speaker: z.string().optional(),
  avg_logprob: z.number().optional(),
  no_speech_prob: z.number().optional(),
}) satisfies z.ZodType<Segment>;

const stage = z.enum(['transcript', 'diarization', 'analysis']);
export const progress = z.number().min(0).max(1);
export const degraded = z.array(
  z.object({ stage: z.enum([...stage.options, 'alignment']), reason: z.string() }),
);
const turn = z.object({ start: time, end: time, speaker: z.string() });

const diarization = z.object({
  model: z.string(),
  speakers: z.array(z.string()),
  turns: z.array(turn),
  raw_turns: z.array(turn),
  merges: z.array(
    z.object({
      rule: z.enum(SPEAKER_RULES),
      start: time,
      end: time,
      from: z.string(),
      to: z.string(),
      text: z.string().optional(),
    }),
  ),
}) satisfies z.ZodType<Diarization>;

export const transcript = z.object({
  version: z.literal(1),
  engine: z.object({
    name: z.enum(['whisperx', 'pocketsphinx', 'voxtral', 'extractive']),
    model: z.string(),
  }),
  language: z.string(),
  task: z.enum(['transcribe', 'translate']).optional(),
  duration: time,
  text: z.string(),
  segments: z.array(segment),
  diarization: diarization.optional(),
  degraded,
}) satisfies z.ZodType<Transcript>;

export const transcribeEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    duration: time,
    engine: z.string(),
    model: z.string(),
    language: z.string().optional(),
  }),
  z.object({ type: z.literal('segment'), segment }),
  z.object({ type: z.literal('window'), end: time, progress, degraded: degraded.optional() }),
  z.object({
    type: z.literal('stage'),
    stage,
    state: z.enum(['waiting', 'running', 'succeeded', 'failed', 'skipped']),
    progress,
  }),
  z.object({ type: z.literal('result'), transcript }),
  z.object({ type: z.literal('error'), error }),
]) satisfies z.ZodType<TranscribeEvent>;

export const errorBody = z.object({
  error: z.object({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
  }),
}) satisfies z.ZodType<ErrorBody>;

export const checkpoint = z
  .object({
    end: time,
    segments: z.array(segment),
    degraded: degraded.optional(),
    processing_seconds: time,
  })
  .refine(
    ({ segments }) => segments.every(({ start, end }) => start <= end),
    'a segment ends before it starts',
  )
  .refine(
    ({ segments }) => segments.every(({ start }, i) => i === 0 || segments[i - 1]!.start <= start),
    'segments are out of order',
  )
  .refine(
    ({ segments, end }) => segments.every(({ start }) => start <= end),
    'a segment starts behind its end',
  ) satisfies z.ZodType<Checkpoint>;
