import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import type { Figure } from '../figure';
import { lacksProduction, measureInProduction } from '../models/production';

/** Word error rate of the service minus that of the better baseline, in points. */
const MOST_POINTS = 0.5;
/** Word errors of bare whisperX that the service does not make, in percent of them. */
const LEAST_SAVED = 15;
/** Beside sequential decoding, which misses the fewest words. */
const MOST_DELETED = 1;
const MOST_INVENTED = 0.2;
const MOST_PROCESSOR = 1.25;
const MOST_START_S = { median: 0.15, p90: 0.4 };

const SYSTEMS = ['service', 'whisperx', 'sequential', 'batched'] as const;
type System = (typeof SYSTEMS)[number];
const NAMES: Record<System, string> = {
  service: 'the service',
  whisperx: 'bare whisperX',
  sequential: 'faster-whisper, sequential',
  batched: 'faster-whisper, batched',
};

const bySystem = <T extends z.ZodType>(each: T) => z.record(z.enum(SYSTEMS), each);
/** A share of words, with the ends of its 95 % interval. */
const interval = { value: z.number(), low: z.number(), high: z.number() };
const errors = z.object({
  substitutions: z.number(),
  deletions: z.number(),
  insertions: z.number(),
  ...interval,
});
const set = z.object({
  name: z.string(),
  /** False for a part of another set. */
  pooled: z.boolean(),
  clips: z.number(),
  /** Of the references. */
  words: z.number(),
  systems: bySystem(errors),
  /** Service minus the baseline with fewer errors. */
  difference: z.object({ beside: z.enum(SYSTEMS), ...interval }),
});
const accuracyResult = z.object({
  sets: z.array(set),
  /** Share of bare whisperX's errors that the service does not make; null without spoiled sets. */
  saved: z.object({ sets: z.array(z.string()), ...interval }).nullable(),
  /** Words heard where nothing is said; null if that was not measured. */
  invented: z.object({ minutes: z.number().positive(), words: bySystem(z.number()) }).nullable(),
  /** Processor seconds of all sets. */
  processor: bySystem(z.number()),
  /** Seconds between the starts of the service's words and the reference's; null if not measured. */
  word_starts: z.object({ words: z.number(), median: z.number(), p90: z.number() }).nullable(),
});

type Found = z.infer<typeof accuracyResult>;
type Interval = { value: number; low: number; high: number };

/** Word errors of the service compared with bare libraries; same files and weights. */
export const accuracy: Benchmark = {
  name: 'accuracy',
  lacks: lacksProduction,
  run: async (context) => accuracyFigures(await measureInProduction('accuracy', accuracyResult, context)),
};

export function accuracyFigures(found: Found): Figure[] {
  return [
    ...found.sets.flatMap(setFigures),
    ...savedFigures(found.saved),
    ...deletionFigures(found.sets.filter(({ pooled }) => pooled)),
    ...inventedFigures(found.invented),
    ...processorFigures(found.processor),
    ...startFigures(found.word_starts),
  ];
}

function setFigures({ name, pooled, clips, words, systems, difference }: Found['sets'][number]): Figure[] {
  const rates = SYSTEMS.map((system): Figure => {
    const { value, substitutions, deletions, insertions, ...ends } = systems[system];
    return {
      name: `accuracy: … ${NAMES[system]}, ${substitutions} + ${deletions} + ${insertions}${spread({ value, ...ends })}`,
      value: 100 * value,
      unit: '%',
    };
  });
  const compared: Figure = {
    name: `accuracy: ${name} (${clips} clips, ${words} words) minus ${NAMES[difference.beside]}${spread(difference)}`,
    value: 100 * difference.value,
    unit: 'points',
    ...(pooled ? { target: MOST_POINTS } : {}),
  };
  return [compared, ...rates];
}

const savedFigures = (saved: Found['saved']): Figure[] =>
  saved === null
    ? []
    : [
        {
          name: `accuracy: errors saved of bare whisperX's in ${saved.sets.length} spoiled sets${spread(saved)}`,
          value: 100 * saved.value,
          unit: '%',
          least: LEAST_SAVED,
        },
      ];

function deletionFigures(sets: Found['sets']): Figure[] {
  if (sets.length === 0) return [];
  const deleted = (system: System) => sets.reduce((sum, each) => sum + each.systems[system].deletions, 0);
  const [service, sequential] = [deleted('service'), deleted('sequential')];
  return [
    {
      name: 'accuracy: words missed beside sequential',
      // Without any in both, none is missed more often.
      value: service === sequential ? 1 : service / sequential,
      unit: '×',
      target: MOST_DELETED,
    },
    ...SYSTEMS.map((system): Figure => ({
      name: `accuracy: … ${NAMES[system]}`,
      value: deleted(system),
      unit: 'words',
    })),
  ];
}

const inventedFigures = (invented: Found['invented']): Figure[] =>
  invented === null
    ? []
    : SYSTEMS.map((system) => ({
        name:
          system === 'service'
            ? `accuracy: words invented in ${invented.minutes.toFixed(1)} min without speech`
            : `accuracy: … ${NAMES[system]}`,
        value: invented.words[system] / invented.minutes,
        unit: 'words/min',
        ...(system === 'service' ? { target: MOST_INVENTED } : {}),
      }));

const processorFigures = (processor: Found['processor']): Figure[] => [
  {
    name: 'accuracy: processor time beside bare whisperX',
    value: processor.service / processor.whisperx,
    unit: '×',
    target: MOST_PROCESSOR,
  },
  ...SYSTEMS.map((system): Figure => ({
    name: `accuracy: … ${NAMES[system]}`,
    value: processor[system],
    unit: 's',
  })),
];

const startFigures = (starts: Found['word_starts']): Figure[] =>
  starts === null
    ? []
    : [
        {
          name: `accuracy: start of a word beside forced alignment (${starts.words} words), median`,
          value: starts.median,
          unit: 's',
          target: MOST_START_S.median,
        },
        { name: 'accuracy: … 90th percentile', value: starts.p90, unit: 's', target: MOST_START_S.p90 },
      ];

const spread = ({ low, high }: Interval) => `, ${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;
