import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { lacksProduction, measureInProduction } from './production';

const LEAST_BESIDE_BARE = 0.97;
const LEAST_AT_ONCE = 0.95;
/** Batches of a GPU are shared. */
const LEAST_AT_ONCE_ON_GPU = 1.3;
const TARGET_HEALTH_S = 1;
const TARGET_REFUSAL_S = 5;
const TARGET_MB = 600;
const MB = 1e6;

const seconds = z.array(z.number().positive()).min(1);

const throughput = z.object({
  shapes: z.string(),
  /** Length of the audio in seconds. */
  audio: z.number(),
  bare: seconds,
  service: seconds,
  /** Processor seconds of both, which hardly depend on other load of the machine. */
  processor: z.object({ bare: seconds, service: seconds }),
  /** Time of the service for speech detection and recognition; mean of the rounds. */
  recognition: z.number(),
  sequential: z.number(),
  /** Peak of the service above its loaded model, in bytes. */
  memory: z.number(),
  /** Share of time, 0 to 1; null without a GPU. */
  gpu_waits: z.number().nullable(),
});

const load = z.object({
  models: z.string(),
  on_gpu: z.boolean(),
  requests: z.number(),
  /** Length of each recording. */
  clip_seconds: z.number(),
  connections: z.number(),
  one_by_one: seconds,
  at_once: seconds,
  failed_share: z.number(),
  slowest_health: z.number(),
});

/** Bytes above the memory of the service with loaded model. */
const peaks = z.object({
  seconds: z.number(),
  with_children: z.number(),
  alone: z.number(),
  scratch: z.number(),
});

const memory = z.object({
  speech_seconds: z.number(),
  silence_seconds: z.number(),
  speech: peaks,
  refused: peaks,
  silence: peaks,
});

/**
 * The service compared with bare whisperX and sequential faster-whisper; same audio and weights.
 */
export const whisperThroughput: Benchmark = {
  name: 'whisper-throughput',
  lacks: lacksProduction,
  run: async (context) => throughputFigures(await measureInProduction('throughput', throughput, context)),
};

/** Concurrent requests compared with the same requests one after the other. */
export const whisperLoad: Benchmark = {
  name: 'whisper-load',
  lacks: lacksProduction,
  run: async (context) => loadFigures(await measureInProduction('load', load, context)),
};

/** Memory and disk that hours of audio need. */
export const whisperMemory: Benchmark = {
  name: 'whisper-memory',
  lacks: lacksProduction,
  run: async (context) => memoryFigures(await measureInProduction('memory', memory, context)),
};

export function throughputFigures(found: z.infer<typeof throughput>): Figure[] {
  const service = median(found.service);
  const bare = median(found.bare);
  const figures: Figure[] = [
    { name: 'whisper: beside bare whisperX', value: bare / service, unit: '×', least: LEAST_BESIDE_BARE },
    {
      name: 'whisper: … in processor time',
      value: median(found.processor.bare) / median(found.processor.service),
      unit: '×',
    },
    { name: `whisper: … real time (${found.shapes})`, value: found.audio / service, unit: '×' },
    { name: 'whisper: … real time of bare whisperX', value: found.audio / bare, unit: '×' },
    { name: 'whisper: over sequential faster-whisper', value: found.sequential / service, unit: '×' },
    {
      name: 'whisper: … its recognition alone',
      value: found.sequential / found.recognition,
      unit: '×',
    },
    { name: 'whisper: memory above the loaded model', value: found.memory / MB, unit: 'MB' },
  ];
  if (found.gpu_waits === null) return figures;
  return [...figures, { name: 'whisper: time that the GPU waits', value: found.gpu_waits * 100, unit: '%' }];
}

export function loadFigures(found: z.infer<typeof load>): Figure[] {
  const oneByOne = median(found.one_by_one);
  const atOnce = median(found.at_once);
  const { requests, connections, clip_seconds, models } = found;
  return [
    {
      name: `whisper: ${requests} recordings of ${clip_seconds} s, ${connections} at once, beside one by one (${models})`,
      value: oneByOne / atOnce,
      unit: '×',
      least: found.on_gpu ? LEAST_AT_ONCE_ON_GPU : LEAST_AT_ONCE,
    },
    { name: 'whisper: … at once', value: atOnce, unit: 's' },
    { name: 'whisper: … one by one', value: oneByOne, unit: 's' },
    { name: 'whisper: … failed', value: found.failed_share * 100, unit: '%', target: 0 },
    { name: 'whisper: … slowest /health', value: found.slowest_health, unit: 's', target: TARGET_HEALTH_S },
  ];
}

export function memoryFigures(found: z.infer<typeof memory>): Figure[] {
  const { speech, refused, silence } = found;
  const speechHours = found.speech_seconds / 3600;
  const silenceHours = found.silence_seconds / 3600;
  return [
    ...held(`${speechHours} h of speech`, speech),
    { name: 'whisper: … real time', value: found.speech_seconds / speech.seconds, unit: '×' },
    ...held(`${silenceHours} h of silence, refused`, refused),
    { name: 'whisper: … time to the refusal', value: refused.seconds, unit: 's', target: TARGET_REFUSAL_S },
    ...held(`${silenceHours} h of silence, accepted`, silence),
  ];
}

function held(what: string, { with_children, alone, scratch }: z.infer<typeof peaks>): Figure[] {
  return [
    {
      name: `whisper: memory of ${what}`,
      value: with_children / MB,
      unit: 'MB',
      target: TARGET_MB,
    },
    { name: 'whisper: … without the decoder', value: alone / MB, unit: 'MB' },
    { name: 'whisper: … scratch disk', value: scratch / MB, unit: 'MB' },
  ];
}
