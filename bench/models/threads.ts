import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { lacksProduction, measureInProduction } from './production';

const LEAST_UNDER_LOAD = 1;

const seconds = z.array(z.number().positive()).min(1);
const ways = z.object({ unbounded: seconds, bounded: seconds });
/** Wall and processor seconds of each round. */
const rounds = z.object({ wall: ways, processor: ways });

const threads = z.object({
  /** Length of the audio in seconds. */
  audio: z.number(),
  processors: z.number(),
  rest: rounds,
  load: rounds,
});

/** The whisper service's bound on threads compared with the libraries' defaults, on processors. */
export const whisperThreads: Benchmark = {
  name: 'whisper-threads',
  lacks: lacksProduction,
  run: async (context) => threadsFigures(await measureInProduction('threads', threads, context)),
};

export function threadsFigures({ audio, processors, rest, load }: z.infer<typeof threads>): Figure[] {
  const beside = ({ unbounded, bounded }: z.infer<typeof ways>) => median(unbounded) / median(bounded);
  return [
    {
      name: `threads: bounded beside unbounded, under load (${processors} processors)`,
      value: beside(load.wall),
      unit: '×',
      least: LEAST_UNDER_LOAD,
    },
    { name: 'threads: … in processor time', value: beside(load.processor), unit: '×' },
    { name: 'threads: … at rest', value: beside(rest.wall), unit: '×' },
    { name: 'threads: … at rest, in processor time', value: beside(rest.processor), unit: '×' },
    { name: `threads: ${audio} s of audio under load`, value: median(load.wall.bounded), unit: 's' },
    { name: 'threads: … unbounded', value: median(load.wall.unbounded), unit: 's' },
    { name: 'threads: … at rest', value: median(rest.wall.bounded), unit: 's' },
    { name: 'threads: … at rest, unbounded', value: median(rest.wall.unbounded), unit: 's' },
  ];
}
