import pLimit, { type LimitFunction } from 'p-limit';
import type { SubmittedOptions } from '../../core/contract/work/options';
import type { Priority } from '../../core/contract/names';
import type { NamedTasks } from './idempotency';
import type { ApiClient, Connection } from '../api/client';
import type { Patience } from '../api/retry';
import type { Input } from './inputs';

/** Current step of a file, for the progress display. Fractions are from 0 to 1. */
export type Activity =
  | { at: 'reading' | 'arriving' | 'saving' }
  /** `delay`: why it waits for a machine. @default - nothing is known to be wrong */
  | { at: 'queued'; delay?: string }
  /** `waiting`: on a machine, for its model, which works for others. */
  | { at: 'uploading' | 'waiting' | 'running' | 'understanding'; fraction: number };

export interface Run {
  connection: Connection;
  options: SubmittedOptions;
  /** The tasks instead of the options, and the media type. @default - the options say what to do */
  named?: NamedTasks;
  /**
   * Priority of new jobs. An earlier job of the same audio keeps its own. @default 'normal'
   */
  priority?: Priority;
  /** Creates a new job even if an earlier job of the same audio could be used. */
  newJob: boolean;
  /** How long requests to an unreachable service are retried, in milliseconds. */
  retryForMs: number;
  /**
   * Time limit for one file, from reading its first byte to writing its last result, in
   * milliseconds.
   */
  timeoutMs: number;
  /** Limits how many files are read and uploaded at once. */
  uploads: LimitFunction;
  /** Limits how many parts of large files are uploaded at once. */
  parts: LimitFunction;
  /** Limits for how many files results are fetched at once. */
  downloads: LimitFunction;
  /** Number of files that wait for their job. They share the polling rate. */
  waiting: { count: number };
  interruption: AbortSignal;
}

/** The limits of a run that works on this many files at once. */
export function limitsOf(concurrency: number): Pick<Run, 'uploads' | 'parts' | 'downloads' | 'waiting'> {
  return {
    uploads: pLimit(concurrency),
    parts: pLimit(concurrency),
    downloads: pLimit(concurrency),
    waiting: { count: 0 },
  };
}

export type Watch = (activity: Activity) => void;

/** A file with what its transcription needs. */
export interface FileTask {
  input: Input;
  client: ApiClient;
  patience: Patience;
  watch: Watch;
}
