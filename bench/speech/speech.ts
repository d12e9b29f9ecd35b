import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { lacksProduction, measureInProduction } from '../models/production';

const LEAST_BESIDE_BARE = 0.95;
/** Time to the first sound of a long text, beside that of all of it. */
const MOST_FIRST = 0.15;
/** Words that are recognised wrongly, in percent. */
const MOST_WRONG = 8;

const seconds = z.array(z.number().positive()).min(1);

const stream = z.object({
  sentences: z.number(),
  characters: z.number(),
  /** Seconds of speech. The bare engine makes no pauses. */
  audio: z.object({ bare: seconds, service: seconds }),
  bare: seconds,
  service: seconds,
  /** Seconds until the first sound. */
  first: seconds,
});

const words = z.object({ sentences: z.number(), words: z.number(), wrong: z.number() });

/** A long text over HTTP, compared with the bare engine. */
export const speechStream: Benchmark = {
  name: 'speech-stream',
  lacks: lacksProduction,
  run: async (context) => streamFigures(await measureInProduction('speech-stream', stream, context)),
};

/** Spoken sentences, recognised again. */
export const speechWords: Benchmark = {
  name: 'speech-words',
  lacks: lacksProduction,
  run: async (context) => wordFigures(await measureInProduction('speech-words', words, context)),
};

export function streamFigures(found: z.infer<typeof stream>): Figure[] {
  const shares = found.first.map((first, round) => first / found.service[round]!);
  return [
    {
      name: `speech: first sound of ${found.characters} characters beside the last`,
      value: median(shares),
      unit: '×',
      target: MOST_FIRST,
    },
    { name: 'speech: … first sound', value: median(found.first), unit: 's' },
    {
      name: `speech: ${found.sentences} sentences by the service beside the bare engine`,
      value: median(found.bare) / median(found.service),
      unit: '×',
      least: LEAST_BESIDE_BARE,
    },
    {
      name: 'speech: … seconds of speech in a second',
      value: median(found.audio.service) / median(found.service),
      unit: '×',
    },
  ];
}

export const wordFigures = ({ sentences, words: spoken, wrong }: z.infer<typeof words>): Figure[] => [
  {
    name: `speech: words of ${sentences} sentences that Whisper tiny.en does not recognise`,
    value: (100 * wrong) / spoken,
    unit: '%',
    target: MOST_WRONG,
  },
];
