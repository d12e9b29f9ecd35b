import type { LimitFunction } from 'p-limit';
import type { JobView } from '../../core/contract/job';
import type { ApiClient } from '../api/client';
import type { Input } from './inputs';
import { recordedOptions } from '../jobs/known-speakers';
import { type ResultFile, resultOf } from '../results/adopt';
import type { AnalysisOutput, Output } from '../results/outputs';
import { finishResult, type Origin, saveResult } from '../results/save';
import { failureOf, sendInTime, waitFor } from './job-of-file';
import type { Run, Watch } from './trip';

/** Paths of a file's results. The analysis and its chapters are written if there are any. */
export interface Results {
  outputs: Output[];
  analysis: AnalysisOutput[];
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
  return sendInTime(input, run, watch, async (sent, trip) => {
    const origin = { input, hash: sent.hash, job: sent.job.id, options: recordedOptions(run.options) };
    const saver = new Saver(results, origin, run.downloads, trip.client);
    const job = await waitFor(sent.job, trip, run.waiting, (current) => saver.transcript(current));
    if (job.status !== 'succeeded') throw failureOf(job);
    watch({ at: 'saving' });
    await saver.transcript(job);
    await saver.analysis(job);
    await saver.finish();
    return { job, written: saver.written };
  });
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
    if (!this.hasAnalysis(job)) return;
    await this.downloads(async () => {
      for (const file of this.results.analysis) await this.write(file, true);
    });
  }

  /** Records that all results are written. */
  async finish(): Promise<void> {
    for (const path of this.written) await finishResult(path);
  }

  private hasAnalysis({ stages }: JobView): boolean {
    return this.results.analysis.length > 0 && stages.analysis === 'succeeded';
  }

  private async write(file: ResultFile, finished: boolean): Promise<void> {
    const content = await resultOf(this.client, this.origin.job, file.format);
    if (content === undefined) return;
    await saveResult(file, content, this.origin, { overwrite: this.results.overwrite === true, finished });
    this.written.push(file.path);
  }
}
