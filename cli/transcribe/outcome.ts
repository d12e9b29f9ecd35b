import type { JobView } from '../../core/contract/job';
import type { CliError, CliErrorCode } from '../errors';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Input } from './inputs';

/** Outcome of one file. */
export interface Outcome {
  input: Input;
  status: 'done' | 'failed' | 'skipped';
  /** Seconds of wall time, including the time in the queue of this run. */
  seconds: number;
  /** Paths of the results. */
  outputs: string[];
  job?: JobView;
  error?: { code: CliErrorCode; message: string };
  /** Remarks on results that were kept. */
  notes: string[];
}

export interface Totals {
  files: number;
  done: number;
  failed: number;
  skipped: number;
  /** Seconds of audio transcribed in this run. */
  audioSeconds: number;
  /** US dollars, from the receipts of the jobs. Null if one receipt has no price. */
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
 * Exit status of a run: that of the error that stopped it; otherwise 3 if all failures were
 * connection failures, and 1 if there was any other failure.
 */
export function exitCodeOf(outcomes: Outcome[], stop?: CliError): ExitCode {
  if (stop !== undefined) return stop.exitCode;
  const failed = outcomes.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return EXIT.ok;
  return failed.every(({ error }) => error?.code === 'unreachable') ? EXIT.unreachable : EXIT.failed;
}
