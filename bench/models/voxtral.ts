import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { lacksProduction, measureInProduction } from './production';

/** Exists if NVIDIA's driver is installed. */
const GPU = '/dev/nvidiactl';

const seconds = z.array(z.number().positive()).min(1);

const throughput = z.object({
  shapes: z.string(),
  /** Number of pieces of audio, each with its own question. */
  windows: z.number(),
  /** Tokens of all answers in each round. */
  tokens: z.number(),
  batched: seconds,
  looped: seconds,
});

/** The engine's batches of windows compared with Transformers' `generate`, window after window. */
export const voxtralThroughput: Benchmark = {
  name: 'voxtral-throughput',
  lacks: () =>
    existsSync(GPU)
      ? lacksProduction()
      : `there is no ${GPU}: Voxtral's real shape needs a GPU with CUDA. Run it on such a machine`,
  run: async (context) =>
    throughputFigures(await measureInProduction('voxtral-throughput', throughput, context)),
};

export function throughputFigures(found: z.infer<typeof throughput>): Figure[] {
  const batched = found.tokens / median(found.batched);
  const looped = found.tokens / median(found.looped);
  return [
    { name: 'voxtral: batches beside a plain loop', value: batched / looped, unit: '×' },
    {
      name: `voxtral: … ${found.windows} windows in batches (${found.shapes})`,
      value: batched,
      unit: 'tokens/s',
    },
    { name: 'voxtral: … one by one', value: looped, unit: 'tokens/s' },
  ];
}

const tasks = z.object({
  shapes: z.string(),
  /** Number of prompts in each round. */
  prompts: z.number(),
  single: seconds,
  apart: seconds,
  shared: seconds,
});

/** An analysis's prompts about one window, asked at once, compared with one prompt after the other. */
export const voxtralTasks: Benchmark = {
  name: 'voxtral-tasks',
  lacks: lacksProduction,
  run: async (context) => tasksFigures(await measureInProduction('voxtral-tasks', tasks, context)),
};

/** Fewest times as many prompts per minute as one after the other. */
const TASKS_TARGET = 3;

export function tasksFigures(found: z.infer<typeof tasks>): Figure[] {
  const perMinute = (way: readonly number[]) => (60 * found.prompts) / median(way);
  const single = perMinute(found.single);
  return [
    {
      name: 'voxtral: prompts about one window at once beside one by one',
      value: perMinute(found.shared) / single,
      unit: '×',
      least: TASKS_TARGET,
    },
    {
      name: 'voxtral: … about different windows at once',
      value: perMinute(found.apart) / single,
      unit: '×',
    },
    {
      name: `voxtral: … ${found.prompts} about one window at once (${found.shapes})`,
      value: perMinute(found.shared),
      unit: 'prompts/min',
    },
    { name: 'voxtral: … one by one', value: single, unit: 'prompts/min' },
  ];
}
