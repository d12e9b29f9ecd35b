/** What is known of the work on a job. */
export interface WorkState {
  /** Seconds that the whole job was expected to take. */
  expected: number;
  /** Seconds for which a model has worked on it in this attempt. */
  worked: number;
  /** The part of these since the progress last advanced. */
  quiet: number;
  /** Progress of earlier attempts whose work is reused, 0 to 1. */
  from: number;
  /** Progress now, 0 to 1. */
  progress: number;
}

/** Progress below this says nothing about the rest: it may come from one short window. */
const TELLING = 0.05;

/** The expectation weighs as much as this share of the work. */
const EXPECTATION_WEIGHT = 0.1;

/**
 * Seconds of work that remain of a job.
 *
 * Without telling progress it is the rest of the expectation. When that is over, the job is expected to be late by as
 * much again, because nothing else is known. With progress, the expected and the measured duration are blended, and the
 * measured one soon dominates. Work whose progress has stopped is expected to stop for as long again.
 */
export function remainingSeconds({ expected, worked, quiet, from, progress }: WorkState): number {
  const rest = expected * (1 - from);
  const done = from < 1 ? Math.max(0, progress - from) / (1 - from) : 1;
  if (done < TELLING) return Math.abs(rest - worked);
  const total = (EXPECTATION_WEIGHT * rest + worked) / (EXPECTATION_WEIGHT + done);
  return Math.max(total * (1 - done), quiet);
}
