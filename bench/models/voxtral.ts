import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { lacksProduction, measureInProduction } from './production';

/** There where NVIDIA's driver is. */
const GPU = '/dev/nvidiactl';

const seconds = z.array(z.number().positive()).min(1);

const throughput = z.object({
  shapes: z.string(),
  /** Pieces of audio, each with a question of its own. */
  windows: z.number(),
  /** Of all answers to them, in each round. */
  tokens: z.number(),
  batched: seconds,
  looped: seconds,
});

/** The engine's batches of windows beside Transformers' own `generate`, window after window. */
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
