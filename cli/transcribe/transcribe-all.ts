import pLimit from 'p-limit';
import { CliError, InterruptedError, UnauthorizedError } from '../errors';
import { type Outcome, noTotals, plus, type Totals } from './outcome';
import { ApiClient } from '../api/client';
import type { Progress } from './progress';
import { EarlierJobs } from '../results/adopt';
import { recordedOptions } from '../jobs/known-speakers';
import type { Plan } from '../results/outputs';
import { type Existing, findWanted } from '../results/prepare';
import type { Run } from './trip';
import { transcribeFile } from './transcribe-file';

export interface Bulk {
  run: Omit<Run, 'interruption'>;
  /** How to treat files that already exist. */
  existing: Existing;
  interruption: AbortSignal;
  progress: (totals: Totals) => Progress;
  /** Called for each file when it ends. */
  report: (outcome: Outcome) => void;
}

export interface BulkResult {
  outcomes: Outcome[];
  totals: Totals;
  /** The error that stopped the run early. Files without an outcome were not finished. */
  stop?: CliError;
}

/** Number of files whose results are looked up at once, to limit open files. */
const MOST_LOOKED_AT = 16;

/**
 * Transcribes files concurrently. A failed file does not affect the others. A refused key stops the
 * run.
 */
export async function transcribeAll(plans: Plan[], bulk: Bulk): Promise<BulkResult> {
  const outcomes: Outcome[] = [];
  let totals = noTotals(plans.length);
  const refused = new AbortController();
  const interruption = AbortSignal.any([bulk.interruption, refused.signal]);
  const progress = bulk.progress(totals);
  const client = new ApiClient(bulk.run.connection, {
    retryForMs: bulk.run.retryForMs,
    signal: interruption,
  });
  const earlier = { client, jobs: new EarlierJobs(client) };
  const looking = pLimit(MOST_LOOKED_AT);
  try {
    await Promise.all(plans.map((plan) => transcribe(plan)));
  } finally {
    progress.close();
  }
  const stop: unknown = interruption.aborted ? interruption.reason : undefined;
  return { outcomes, totals, stop: stop instanceof CliError ? stop : undefined };

  async function transcribe(plan: Plan): Promise<void> {
    const began = performance.now();
    let notes: string[] = [];
    const end = (outcome: Pick<Outcome, 'status' | 'job' | 'error' | 'outputs'>) => {
      const seconds = (performance.now() - began) / 1000;
      const whole: Outcome = { ...outcome, input: plan.input, seconds, notes };
      outcomes.push(whole);
      totals = plus(totals, whole);
      progress.finished(whole, totals);
      bulk.report(whole);
    };
    try {
      const wanted = await looking(() => {
        interruption.throwIfAborted();
        return findWanted(plan, recordedOptions(bulk.run.options), bulk.existing, earlier);
      });
      ({ notes } = wanted);
      if (wanted.outputs.length === 0) return end({ status: 'skipped', outputs: pathsOf(plan) });
      const { job, written } = await transcribeFile(
        plan.input,
        { ...wanted, overwrite: bulk.existing.overwrite },
        { ...bulk.run, interruption },
        (activity) => progress.activity(plan.input, activity),
      );
      end({ status: 'done', job, outputs: written });
    } catch (error) {
      if (!(error instanceof CliError)) {
        // An internal error: stop the other files.
        refused.abort(error);
        throw error;
      }
      if (error instanceof InterruptedError) return;
      // All files use the same key: stop the run.
      if (error instanceof UnauthorizedError) return refused.abort(error);
      const { code, message } = error;
      end({ status: 'failed', error: { code, message }, outputs: [] });
    }
  }
}

const pathsOf = ({ outputs }: Plan) => outputs.map(({ path }) => path);
