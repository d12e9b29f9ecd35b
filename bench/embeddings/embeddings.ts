import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { lacksProduction, measureInProduction } from '../models/production';

const LEAST_SINGLE = 0.8;
const LEAST_BESIDE_BARE = 0.95;
/** Peak memory of ten times the rows, beside that of the rows. */
const MOST_GROWTH = 1.1;
const MB = 1e6;

const seconds = z.array(z.number().positive()).min(1);

/** Lengths of the texts, special tokens included. */
const tokens = z.object({ fewest: z.number(), mean: z.number(), most: z.number() });

const load = z.object({
  requests: z.number(),
  tokens,
  single: seconds,
  batched: seconds,
  /** Processor seconds of the service, which hardly depend on other load of the machine. */
  processor: z.object({ single: seconds, batched: seconds }),
  /** Below 1. */
  failed_share: z.number(),
});

const corpus = z.object({
  /** Rows of the largest corpus. */
  rows: z.number(),
  /** Rows of the corpus of the rounds. */
  part: z.number(),
  tokens,
  bare: seconds,
  service: seconds,
  /** Processor seconds of both, which hardly depend on other load of the machine. */
  processor: z.object({ bare: seconds, service: seconds }),
  all: z.object({ bare: z.number().positive(), service: z.number().positive() }),
  /** Bytes: with loaded model, and the peaks after each corpus. */
  memory: z.object({ loaded: z.number(), part: z.number(), all: z.number() }),
});

/** Concurrent requests of one text each, compared with one request of the same texts. */
export const embeddingsLoad: Benchmark = {
  name: 'embeddings-load',
  lacks: lacksProduction,
  run: async (context) => loadFigures(await measureInProduction('embeddings-load', load, context)),
};

/** The same with a model of usual size. */
export const embeddingsLoadBase: Benchmark = {
  name: 'embeddings-load-base',
  lacks: lacksProduction,
  run: async (context) =>
    loadFigures(await measureInProduction('embeddings-load-base', load, context), 'embeddings, base'),
};

/** A corpus job compared with `encode` of sentence-transformers, and its memory. */
export const embeddingsCorpus: Benchmark = {
  name: 'embeddings-corpus',
  lacks: lacksProduction,
  run: async (context) => corpusFigures(await measureInProduction('embeddings-corpus', corpus, context)),
};

export function loadFigures(found: z.infer<typeof load>, model = 'embeddings'): Figure[] {
  // A failed request takes no time of the model.
  const single = median(found.single) / (1 - found.failed_share);
  const batched = median(found.batched);
  const { processor } = found;
  return [
    {
      name: `${model}: ${found.requests} requests at once beside one of ${found.requests} texts`,
      value: batched / single,
      unit: '×',
      least: LEAST_SINGLE,
    },
    {
      name: `${model}: … in processor time of the service`,
      value: ((1 - found.failed_share) * median(processor.batched)) / median(processor.single),
      unit: '×',
    },
    { name: `${model}: … at once`, value: single, unit: 's' },
    { name: `${model}: … in one request`, value: batched, unit: 's' },
    { name: `${model}: … failed`, value: found.failed_share * 100, unit: '%', target: 0 },
    length(found.tokens),
  ];
}

export function corpusFigures(found: z.infer<typeof corpus>): Figure[] {
  const { rows, part, processor, all, memory } = found;
  return [
    {
      name: `embeddings: corpus of ${part} rows beside bare encode`,
      value: median(found.bare) / median(found.service),
      unit: '×',
      least: LEAST_BESIDE_BARE,
    },
    {
      name: 'embeddings: … in processor time',
      value: median(processor.bare) / median(processor.service),
      unit: '×',
    },
    { name: 'embeddings: … service', value: part / median(found.service), unit: 'rows/s' },
    {
      name: `embeddings: corpus of ${rows} rows beside bare encode, once`,
      value: all.bare / all.service,
      unit: '×',
      least: LEAST_BESIDE_BARE,
    },
    { name: 'embeddings: … service', value: rows / all.service, unit: 'rows/s' },
    {
      name: `embeddings: memory of ${rows} rows beside ${part}`,
      value: memory.all / memory.part,
      unit: '×',
      target: MOST_GROWTH,
    },
    { name: 'embeddings: … peak', value: memory.all / MB, unit: 'MB' },
    { name: 'embeddings: … above the loaded model', value: (memory.all - memory.loaded) / MB, unit: 'MB' },
    length(found.tokens),
  ];
}

const length = ({ fewest, mean, most }: z.infer<typeof tokens>): Figure => ({
  name: `embeddings: … mean length of the texts (${fewest} to ${most})`,
  value: mean,
  unit: 'tokens',
});
