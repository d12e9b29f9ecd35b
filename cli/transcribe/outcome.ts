import type { JobView } from '../../core/contract/job';
import type { CliError, CliErrorCode } from '../errors';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Input } from './inputs';

/** What came of one file. */
export interface Outcome {
  input: Input;
  status: 'done' | 'failed' | 'skipped';
  /** Seconds of wall time, waiting for its turn included. */
  seconds: number;
  /** Paths of the results. */
  outputs: string[];
  job?: JobView;
  error?: { code: CliErrorCode; message: string };
  /** What is peculiar about results that were kept. */
  notes: string[];
}

export interface Totals {
  files: number;
  done: number;
  failed: number;
  skipped: number;
  /** Seconds of audio that this run's results come from. */
  audioSeconds: number;
  /** US dollars, by the receipts of the jobs. Null where one of them knew no price. */
  cost: number | null;
}

export const noTotals = (files: number): Totals => ({
  files,
  done: 0,
  failed: 0,
  skipped: 0,
  audioSeconds: 0,
  cost: 0,
});

export function plus(totals: Totals, { status, job }: Outcome): Totals {
  const { receipt } = job ?? {};
  const counted = { ...totals, [status]: totals[status] + 1 };
  if (receipt === undefined) return counted;
  return {
    ...counted,
    audioSeconds: totals.audioSeconds + receipt.audio_seconds,
    cost: totals.cost === null || receipt.cost === null ? null : totals.cost + receipt.cost,
  };
}

/** A line of `--json`. */
export const outcomeDocument = ({ input, status, outputs, job, error, notes }: Outcome) => ({
  type: 'file',
  file: input.path,
  status,
  job_id: job?.id,
  outputs: outputs,
  degraded: job?.degraded,
  receipt: job?.receipt,
  error,
  notes: notes.length > 0 ? notes : undefined,
});

/** The last line of `--json`. */
export const summaryDocument = (totals: Totals, stopped: boolean) => ({
  type: 'summary',
  files: totals.files,
  done: totals.done,
  failed: totals.failed,
  skipped: totals.skipped,
  unfinished: totals.files - totals.done - totals.failed - totals.skipped,
  interrupted: stopped,
  audio_seconds: totals.audioSeconds,
  cost: totals.cost,
});

/**
 * The exit status of a run: that of what stopped it; else 3 if every failure was of the connection, and 1 if any was
 * of another kind.
 */
export function exitCodeOf(outcomes: Outcome[], stop?: CliError): ExitCode {
  if (stop !== undefined) return stop.exitCode;
  const failed = outcomes.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return EXIT.ok;
  return failed.every(({ error }) => error?.code === 'unreachable') ? EXIT.unreachable : EXIT.failed;
}
