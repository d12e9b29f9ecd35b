import type { LimitFunction } from 'p-limit';
import { FINAL_STATUSES } from '../../core/contract/names';
import type { JobView } from '../../core/contract/job';
import { ApiClient } from '../api/client';
import { CliError } from '../errors';
import { duration } from '../format';
import type { Input } from './inputs';
import { type ResultFile, resultOf } from '../results/adopt';
import type { Output } from '../results/outputs';
import { finishResult, type Origin, saveResult } from '../results/save';
import { pause, pollDelay } from '../api/retry';
import type { Run, FileTask, Watch } from './trip';
import { sendAudio } from './send-audio';

/** Paths of a file's results. The analysis is written if there is one. */
export interface Results {
  outputs: Output[];
  analysis?: string;
  /** Also replaces files that Spotscribe did not write. */
  overwrite?: boolean;
}

/** A transcribed file. */
export interface Transcribed {
  job: JobView;
  /** Paths of the results, in the requested order. */
  written: string[];
}

/**
 * Uploads a file, waits for its job and writes the results, or continues where an earlier run
 * stopped. The transcript is written as soon as it is available, while the analysis may still run.
 * Its record is `finished` only when all results are written, so that an interrupted run does not
 * count as done.
 *
 * @throws CliError with the code of the job's error if the job fails, `timeout` if it takes too
 * long
 */
export async function transcribeFile(
  input: Input,
  results: Results,
  run: Run,
  watch: Watch,
): Promise<Transcribed> {
  if (input.size === 0) throw new CliError('bad_audio', `${input.path} is empty`);
  const deadline = new AbortController();
  const signal = AbortSignal.any([run.interruption, deadline.signal]);
  const patience = { retryForMs: run.retryForMs, signal };
  const trip: FileTask = { input, client: new ApiClient(run.connection, patience), patience, watch };
  let timer: NodeJS.Timeout | undefined;
  try {
    const sent = await run.uploads(() => {
      // The time limit does not include the wait for an upload slot.
      timer = setTimeout(() => deadline.abort(tooLate(input, run.timeoutMs)), run.timeoutMs);
      return sendAudio(trip, run);
    });
    const origin = { input, hash: sent.hash, job: sent.job.id, options: { ...run.options } };
    const saver = new Saver(results, origin, run.downloads, trip.client);
    const job = await waitFor(sent.job, trip, run.waiting, (current) => saver.transcript(current));
    if (job.status !== 'succeeded') throw failureOf(job);
    watch({ at: 'saving' });
    await saver.transcript(job);
    await saver.analysis(job);
    await saver.finish();
    return { job, written: saver.written };
  } finally {
    clearTimeout(timer);
  }
}

/** Writes each result once. */
class Saver {
  readonly written: string[] = [];
  private hasTranscript = false;

  constructor(
    private readonly results: Results,
    private readonly origin: Origin,
    private readonly downloads: LimitFunction,
    private readonly client: ApiClient,
  ) {}

  async transcript(job: JobView): Promise<void> {
    if (this.hasTranscript || job.stages.transcript === 'failed') return;
    this.hasTranscript = true;
    await this.downloads(async () => {
      // If no other result follows, this record is already the final one.
      const finished = job.status === 'succeeded' && !this.hasAnalysis(job);
      for (const output of this.results.outputs) await this.write(output, finished);
    });
  }

  async analysis(job: JobView): Promise<void> {
    const path = this.results.analysis;
    if (path === undefined || !this.hasAnalysis(job)) return;
    await this.downloads(() => this.write({ path, format: 'analysis' }, true));
  }

  /** Records that all results are written. */
  async finish(): Promise<void> {
    for (const path of this.written) await finishResult(path);
  }

  private hasAnalysis({ stages }: JobView): boolean {
    return this.results.analysis !== undefined && stages.analysis === 'succeeded';
  }

  private async write(file: ResultFile, finished: boolean): Promise<void> {
    const content = await resultOf(this.client, this.origin.job, file.format);
    await saveResult(file, content, this.origin, { overwrite: this.results.overwrite === true, finished });
    this.written.push(file.path);
  }
}

const tooLate = ({ path }: Input, timeoutMs: number) =>
  new CliError(
    'timeout',
    `${path} was not done after ${duration(timeoutMs / 1000)}. Its job continues: run the command again to fetch the result`,
  );

async function waitFor(
  job: JobView,
  { client, patience, watch }: FileTask,
  waiting: Run['waiting'],
  onTranscript: (job: JobView) => Promise<void>,
) {
  waiting.count++;
  try {
    let current = job;
    for (let looks = 0; !ended(current); looks++) {
      const { status, stages, progress } = current;
      const isRead = status === 'running' && stages.transcript === 'succeeded';
      if (isRead) await onTranscript(current);
      if (status === 'running') watch({ at: isRead ? 'understanding' : 'running', fraction: progress });
      else watch({ at: status === 'queued' ? 'queued' : 'arriving' });
      const others = current.status === 'running' ? 0 : waiting.count;
      await pause(pollDelay(looks, others), patience.signal);
      current = await client.job(job.id);
    }
    return current;
  } finally {
    waiting.count--;
  }
}

const ended = ({ status }: JobView) => (FINAL_STATUSES as readonly string[]).includes(status);

function failureOf({ status, error, id }: JobView): CliError {
  if (status === 'expired')
    return new CliError('expired', error?.message ?? `The audio of job ${id} was not uploaded in time`);
  if (status === 'cancelled') return new CliError('cancelled', `Job ${id} was cancelled`);
  return new CliError(error?.code ?? 'internal', error?.message ?? `Job ${id} failed`);
}
