import type { LimitFunction } from 'p-limit';
import type { JobOptions } from '../../core/contract/options';
import type { ApiClient, Connection } from '../api/client';
import type { Patience } from '../api/retry';
import type { Input } from './inputs';

/** What a file is at, for those who watch. Fractions from 0 to 1. */
export type Activity =
  | { at: 'reading' | 'arriving' | 'queued' | 'saving' }
  | { at: 'uploading' | 'running' | 'understanding'; fraction: number };

export interface Run {
  connection: Connection;
  options: JobOptions;
  /** Makes a job even where an earlier one of the same audio could be used. */
  anew: boolean;
  /** How long to bear with a service that cannot be reached, in milliseconds between tries. */
  retryForMs: number;
  /** Longest time for one file, from its first byte read to its last result written, in milliseconds. */
  timeoutMs: number;
  /** Files that are read and uploaded at once. */
  uploads: LimitFunction;
  /** Parts of large files that are uploaded at once. */
  parts: LimitFunction;
  /** Files whose results are fetched at once. */
  downloads: LimitFunction;
  /** How many files wait for their job: they share the rate at which the API is asked. */
  waiting: { count: number };
  interruption: AbortSignal;
}

export type Watch = (activity: Activity) => void;

/** What a file needs on its way. */
export interface FileTask {
  input: Input;
  client: ApiClient;
  patience: Patience;
  watch: Watch;
}
